/** A session's lines as a story: who, what one after the other, and what went wrong. */
import { END_REASON_TEXTS } from "./end-reasons.ts";
import { type FoundLine, formatTime } from "./session-finder.ts";
import { describeExit, sentenceOf, tellEvent } from "./tell-event.ts";

/** A key is given again once nobody has it: each accept begins a story of its own. */
export function tellStory(lines: readonly FoundLine[]): string[] {
  const stories: FoundLine[][] = [];
  for (const line of lines) {
    if (stories.length === 0 || line.fields["event"] === "accept") stories.push([]);
    stories.at(-1)!.push(line);
  }
  return stories.flatMap((story, index) => [...(index > 0 ? ["", ""] : []), ...tellOne(story)]);
}

function tellOne(lines: readonly FoundLine[]): string[] {
  const startMs = lines[0]!.at;
  const offsets = lines.map(({ at }) => formatOffset(at - startMs));
  const width = Math.max(...offsets.map(({ length }) => length));
  return [
    headOf(lines),
    "",
    ...lines.map(
      ({ fields }, index) => `${offsets[index]!.padStart(width + 2)}  ${tellEvent(fields)}`,
    ),
    "",
    verdictOf(lines),
  ];
}

function headOf(lines: readonly FoundLine[]): string {
  const field = (event: string, name: string): string | undefined => {
    const found = lines.findLast(({ fields }) => fields["event"] === event && name in fields);
    const value = found?.fields[name];
    return typeof value === "string" && value !== "" ? value : undefined;
  };
  const account = field("auth", "account");
  const key = field("auth", "publicKeyName");
  const addr = field("accept", "addr");
  return [
    `session ${String(lines[0]!.fields["sessionKey"])}`,
    account === undefined ? ", nobody logged in" : ` of ${account}`,
    key === undefined ? "" : `, key ${key}`,
    addr === undefined ? "" : `, from ${addr}`,
    `, ${formatTime(lines[0]!.at)}`,
    lines[0]!.fields["event"] === "accept" ? "" : " (its beginning is not in these lines)",
  ].join("");
}

/** The first that is not as it should be: a session's end is nearer to the cause than the last. */
function verdictOf(lines: readonly FoundLine[]): string {
  const ends = lines.filter(
    ({ fields }) => fields["event"] === "exit" || fields["event"] === "end",
  );
  const bad = ends.find(({ fields }) => END_REASON_TEXTS[String(fields["reason"])]?.good !== true);
  if (bad !== undefined) {
    const detail = detailOf(bad, lines);
    const sentence = sentenceOf(String(bad.fields["reason"]));
    if (detail === undefined) return `What went wrong: ${sentence}`;
    return `What went wrong: ${sentence.replace(/\.$/, "")} (${detail}).`;
  }
  const failed = ends.find(({ fields }) => {
    return fields["signal"] !== undefined || (fields["status"] ?? 0) !== 0;
  });
  if (failed !== undefined) {
    return `The proxy did its part, and the ${describeExit(failed.fields)} is the command's own.`;
  }
  if (ends.some(({ fields }) => fields["event"] === "end")) return "Nothing went wrong.";
  return "It has not ended yet, or its end is not in these lines.";
}

/** What the log knows beside the reason: the end's text, why it was refused, why not connected. */
function detailOf({ fields }: FoundLine, lines: readonly FoundLine[]): string | undefined {
  const { text, channel, reason } = fields;
  if (typeof text === "string" && text !== "") return text;
  const field =
    reason === "refused" ? "why" : reason === "backend-unreachable" ? "error" : undefined;
  if (field === undefined) return undefined;
  const found = lines.findLast((line) => {
    return line.fields["channel"] === channel && typeof line.fields[field] === "string";
  });
  return found?.fields[field] as string | undefined;
}

/** Such as `+0.012 s`, `+25:04.120`, `+1:25:04.120`. */
function formatOffset(offsetMs: number): string {
  if (Number.isNaN(offsetMs)) return "?";
  const seconds = offsetMs / 1_000;
  if (seconds < 60) return `+${seconds.toFixed(3)} s`;
  const whole = Math.floor(seconds);
  const pad = (value: number): string => String(value).padStart(2, "0");
  const hours = Math.floor(whole / 3_600);
  const minutes = Math.floor(whole / 60) % 60;
  const rest = `${pad(whole % 60)}.${String(Math.floor(offsetMs % 1_000)).padStart(3, "0")}`;
  return hours > 0 ? `+${hours}:${pad(minutes)}:${rest}` : `+${minutes}:${rest}`;
}
