#!/usr/bin/env node
/** The `holdfast` command: what npm links as `holdfast`. */
import { runHoldfast } from "./run.ts";
import { systemTerminal } from "./terminal.ts";

process.exitCode = await runHoldfast(process.argv.slice(2), systemTerminal());
