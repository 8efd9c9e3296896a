/**
 * Draws the picture of docs/guides/metastable-failure.md from the simulation. To write it anew:
 * `node packages/resilience/src/retry/testing/goodput-plot.ts`.
 */
import { writeFileSync } from "node:fs";
import { BLIP, type BlipRun, runBlip, STEP_MS } from "./blip-simulation.ts";

export const PLOT_FILE = new URL(
  "../../../../../docs/guides/metastable-failure.svg",
  import.meta.url,
);

const SEED = 1;
const WIDTH = 760;
const LEFT = 64;
const RIGHT = 16;
const PANEL_HEIGHT = 170;
/** Tenths of a second are noise; half seconds show what happens. */
const BIN_MS = 500;

interface Line {
  readonly name: string;
  readonly color: string;
  readonly perSecond: readonly number[];
  /** Where its name stands, in seconds and in calls a second. */
  readonly label: readonly [number, number];
}

interface Panel {
  readonly title: string;
  readonly top: number;
  readonly max: number;
  readonly lines: readonly Line[];
}

const NAIVE = { name: "without a budget", color: "#c2410c" };
const OURS = { name: "with a budget", color: "#0f766e" };

export function drawGoodput(): string {
  const [naive, ours] = [runBlip(SEED, false), runBlip(SEED, true)];
  const lines = (part: keyof Pick<BlipRun, "answered" | "tries">, labels: Line["label"][]) => [
    { ...NAIVE, perSecond: perSecond(naive[part]), label: labels[0]! },
    { ...OURS, perSecond: perSecond(ours[part]), label: labels[1]! },
  ];
  const answered = lines("answered", [
    [24, 60],
    [24, 830],
  ]);
  const tries = lines("tries", [
    [24, 2_640],
    [24, 860],
  ]);
  const panels: Panel[] = [
    { title: "Calls answered in time, a second", top: 40, max: 1_200, lines: answered },
    { title: "Tries that reach the callee, a second", top: 270, max: 3_000, lines: tries },
  ];
  const height = 490;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" ` +
      `font-family="system-ui, sans-serif" font-size="13" fill="#1f2937">`,
    `<title>Goodput and load of a callee around a blip of two seconds</title>`,
    `<rect width="${WIDTH}" height="${height}" fill="#ffffff"/>`,
    ...panels.flatMap(drawPanel),
    text(WIDTH / 2, height - 10, "seconds", 'text-anchor="middle"'),
    "</svg>",
    "",
  ].join("\n");
}

function drawPanel({ title, top, max, lines }: Panel): string[] {
  const bottom = top + PANEL_HEIGHT;
  const y = (value: number): number => bottom - (value / max) * PANEL_HEIGHT;
  const [blipLeft, blipRight] = [x(BLIP.blipStartMs), x(BLIP.blipEndMs)];
  const grid = [0, 1, 2, 3].flatMap((step) => {
    const value = (max / 3) * step;
    return [
      `<line x1="${LEFT}" x2="${WIDTH - RIGHT}" y1="${y(value)}" y2="${y(value)}" stroke="#e5e7eb"/>`,
      text(LEFT - 8, y(value) + 4, value.toLocaleString("en"), 'text-anchor="end"'),
    ];
  });
  const seconds = [0, 10, 20, 30, 40].map((at) =>
    text(x(at * 1_000), bottom + 18, String(at), 'text-anchor="middle"'),
  );
  const curves = lines.flatMap(({ name, color, perSecond: values, label }) => {
    const points = values.map((value, index) => `${x((index + 0.5) * BIN_MS)},${round(y(value))}`);
    return [
      `<polyline fill="none" stroke="${color}" stroke-width="2" points="${points.join(" ")}"/>`,
      text(x(label[0] * 1_000), round(y(label[1])), name, `fill="${color}" font-weight="600"`),
    ];
  });
  return [
    text(LEFT, top - 12, title, 'font-weight="600"'),
    `<rect x="${blipLeft}" y="${top}" width="${blipRight - blipLeft}" height="${PANEL_HEIGHT}" ` +
      `fill="#f3f4f6"/>`,
    ...grid,
    text(blipRight + 4, top + 12, "← the callee does no work for 2 s", 'fill="#6b7280"'),
    ...curves,
    ...seconds,
  ];
}

function x(atMs: number): number {
  return round(LEFT + (atMs / BLIP.endMs) * (WIDTH - LEFT - RIGHT));
}

function text(atX: number, atY: number, content: string, more: string): string {
  return `<text x="${round(atX)}" y="${round(atY)}" ${more}>${content}</text>`;
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}

function perSecond(tenths: readonly number[]): number[] {
  const steps = BIN_MS / STEP_MS;
  return Array.from({ length: tenths.length / steps }, (_, bin) => {
    const part = tenths.slice(bin * steps, (bin + 1) * steps);
    return part.reduce((total, count) => total + count, 0) * (1_000 / BIN_MS);
  });
}

if (import.meta.main) writeFileSync(PLOT_FILE, drawGoodput());
