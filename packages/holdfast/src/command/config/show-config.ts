/** `holdfast config get` and `history`: what is there, and what was. */
import { CHANGE_FIELD, type ConfigChange, escapeControl } from "@holdfast/core";
import { CommandError, EXIT } from "../command.ts";
import type { Terminal } from "../terminal.ts";
import type { ConfigStore } from "./config-store.ts";

/** All documents, or one: as JSON on standard output, with its revision on standard error. */
export async function showDocuments(
  store: ConfigStore,
  path: string | undefined,
  terminal: Terminal,
): Promise<number> {
  const { revision, documents } = await store.read();
  if (path === undefined) {
    const all = [...documents].map(([each, { text }]) => [each, parse(text)] as const);
    terminal.out(pretty(Object.fromEntries(all)));
    terminal.err(`${store.name}, revision ${revision}`);
    return EXIT.ok;
  }
  const document = documents.get(path);
  if (document === undefined) {
    const names = [...documents.keys()].map(escapeControl).join("\n");
    throw new CommandError(
      EXIT.failed,
      `${store.name} has no document for ${path}`,
      names === "" ? "it has none at all" : `there are\n${names}`,
    );
  }
  terminal.out(pretty(parse(document.text)));
  terminal.err(`${store.name}, revision ${document.revision} of ${path}`);
  return EXIT.ok;
}

/** Newest first: the one that is there, and those that were before it. */
export async function showHistory(
  store: ConfigStore,
  path: string,
  terminal: Terminal,
): Promise<number> {
  const current = (await store.read()).documents.get(path);
  const kept = await store.history(path);
  const versions = [
    ...kept.map(({ revision, text }) => ({ revision, text })),
    { revision: current?.revision ?? "", text: current?.text },
  ];
  const lines = versions.map(({ revision, text }, index) => {
    // A version that took one away says nothing; who did it stands with the one before.
    const change = changeIn(text) ?? kept[index - 1]?.replaced;
    return `${(revision || "-").padEnd(14)} ${describe(change)}\n    ${withoutChange(text)}`;
  });
  // That there was nothing at first is no news.
  const known = versions[0]?.text === undefined ? lines.slice(1) : lines;
  if (known.length === 0) throw noVersions(store, path);
  terminal.out(known.reverse().map(escapeLines).join("\n"));
  return EXIT.ok;
}

function noVersions(store: ConfigStore, path: string): CommandError {
  const advice = "versions are kept from the first holdfast config set on";
  return new CommandError(EXIT.failed, `${store.name} never had a document for ${path}`, advice);
}

function describe(change: ConfigChange | undefined): string {
  if (change === undefined) return "by nobody knows whom";
  const { at = "some time", by = "nobody knows whom", why } = change;
  return `${at} by ${by}${why === undefined ? "" : `: ${why}`}`;
}

function changeIn(text: string | undefined): ConfigChange | undefined {
  const document = text === undefined ? undefined : parse(text);
  return (document as Record<string, ConfigChange> | undefined)?.[CHANGE_FIELD];
}

function withoutChange(text: string | undefined): string {
  if (text === undefined) return "(none)";
  const { [CHANGE_FIELD]: _change, ...rest } = parse(text) as Record<string, unknown>;
  return JSON.stringify(rest);
}

/** Somebody may have written anything there by hand. */
function parse(text: string): unknown {
  try {
    const parsed = JSON.parse(text) as unknown;
    return typeof parsed === "object" && parsed !== null ? parsed : { "": parsed };
  } catch {
    return { "": text };
  }
}

function pretty(value: unknown): string {
  return escapeLines(JSON.stringify(value, undefined, 2));
}

function escapeLines(text: string): string {
  return text.split("\n").map(escapeControl).join("\n");
}
