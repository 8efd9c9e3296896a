/** A process that follows etcd (endpoints: its arguments) and prints each number of tries. */
import { keepProcessAlive } from "@holdfast/core";
import { WatchedConfig } from "./watched-config.ts";

keepProcessAlive();
const watched = await WatchedConfig.start({ endpoints: process.argv.slice(2) });
const say = (): void => console.log(`tries ${watched.tries}`);
watched.config.onChange(say);
say();
