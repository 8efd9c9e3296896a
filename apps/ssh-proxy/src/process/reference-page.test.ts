/** docs/reference/ssh-proxy.md has every flag and every setting, with its default, and no other. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { it } from "node:test";
import { ManualClock } from "holdfast";
import { parseAccountFile } from "../accounts/key-directory/account-file.ts";
import { AddressList } from "../front/address-list.ts";
import { parseProcessOptions, USAGE } from "./options.ts";
import { completeSettings, type Settings } from "./settings.ts";

const PAGE = readFileSync(
  new URL("../../../../docs/reference/ssh-proxy.md", import.meta.url),
  "utf8",
);
/** The first cell of a row, and another one that is all code. */
const SETTING = /^\| `([\w.-]+)` +\| `([^`]+)` +\|/gm;
const FLAG = /^\| `--([\w-]+)` +\|[^|]*\| (.+?) +\|/gm;

it("lists every flag of the help, with its default", () => {
  const listed = new Map(
    Array.from(section("## Flags").matchAll(FLAG), ([, flag = "", said = ""]) => [flag, said]),
  );
  const inHelp = Array.from(USAGE.matchAll(/^ {2}--([\w-]+)/gm), ([, flag = ""]) => flag);
  assert.deepEqual([...listed.keys()].toSorted(), inHelp.toSorted());
  const { data, host, port, opsHost, opsPort, log, pidFile } = parseProcessOptions([]);
  const defaults = { data, host, port, "ops-host": opsHost, "ops-port": opsPort };
  const files = { log: log.replace(data, "DATA"), "pid-file": pidFile.replace(data, "DATA") };
  for (const [flag, value] of Object.entries({ ...defaults, ...files })) {
    assert.equal(listed.get(flag), `\`${value}\``, `--${flag}`);
  }
});

it("lists every section of the settings file, and in it every option with its default", () => {
  const settings = completeSettings({}, "none");
  const headings = Array.from(section("## The settings file").matchAll(/^### (\w+)$/gm));
  assert.deepEqual(
    headings.map(([, name]) => name),
    Object.keys(settings),
  );
  for (const name of Object.keys(settings) as (keyof Settings)[]) {
    const rows = section(`### ${name}`).matchAll(SETTING);
    const listed = Array.from(rows, ([, option = "", said = ""]) => [option, said]);
    assert.deepEqual(listed, defaultsOf(settings[name]), name);
  }
});

it("shows a line of an account's file that can be taken", async () => {
  const [, line = ""] = /```text\n(name=.*)\n```/.exec(PAGE) ?? [];
  const { keys, problems } = await parseAccountFile("aviato", line, new ManualClock());
  assert.deepEqual(problems, []);
  const found = keys.map(({ identity: { account, name, publicKeyName } }) => {
    return [account, name, publicKeyName];
  });
  assert.deepEqual(found, [["aviato", "erlich", "Laptop"]]);
});

/** As they are written in the file, those below another one as `addMs.crash`. */
function defaultsOf(options: object, prefix = ""): [string, string][] {
  return Object.entries(options).flatMap(([name, value]: [string, unknown]) => {
    if (value instanceof AddressList) return [[prefix + name, JSON.stringify(value.entries)]];
    if (typeof value === "object" && value !== null) return defaultsOf(value, `${name}.`);
    return [[prefix + name, JSON.stringify(value)]];
  });
}

/** From its heading to the next one of its kind or above. */
function section(heading: string): string {
  const [, rest = ""] = PAGE.split(`\n${heading}\n`);
  const level = heading.indexOf(" ");
  return rest.split(new RegExp(`^#{1,${level}} `, "m"))[0]!;
}
