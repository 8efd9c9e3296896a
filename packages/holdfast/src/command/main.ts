#!/usr/bin/env node
/** The `holdfast` command: what npm links as `holdfast`. */
import { keepProcessAlive } from "@holdfast/core";
import { runHoldfast } from "./run.ts";
import { systemTerminal } from "./terminal.ts";

// A command that waits for a moment in time has nothing else that keeps the process.
const release = keepProcessAlive();
process.exitCode = await runHoldfast(process.argv.slice(2), systemTerminal()).finally(release);
