/** A terminal that can be drawn on again and again, and that its user may want to leave. */

export interface Screen {
  readonly columns: number;
  readonly rows: number;
  /** Shows these lines, cut to its size, in place of what was there. */
  draw(lines: readonly string[]): void;
  /** Calls `listener` when the user wants out, once. */
  onLeave(listener: () => void): void;
  /** Puts the terminal back as it was. */
  close(): void;
}

/** What a screen needs of `process.stdout`. */
export interface TtyOutput {
  readonly columns: number;
  readonly rows: number;
  write(text: string): unknown;
}

/** What a screen needs of `process`. */
export interface Signals {
  once(signal: "SIGINT" | "SIGTERM", listener: () => void): unknown;
  off(signal: "SIGINT" | "SIGTERM", listener: () => void): unknown;
}

const ESCAPE = "\u001b[";
/** The second page of the terminal, so that what was printed before is there again afterwards. */
const ENTER = `${ESCAPE}?1049h${ESCAPE}?25l`;
const LEAVE = `${ESCAPE}?25h${ESCAPE}?1049l`;
const HOME = `${ESCAPE}H`;
const CLEAR_LINE = `${ESCAPE}K`;
const CLEAR_REST = `${ESCAPE}J`;

export class TtyScreen implements Screen {
  private readonly output: TtyOutput;
  private readonly signals: Signals;
  private readonly onSignal = (): void => this.listener();
  private listener: () => void = () => undefined;

  constructor(output: TtyOutput, signals: Signals) {
    this.output = output;
    this.signals = signals;
    output.write(ENTER);
    signals.once("SIGINT", this.onSignal);
    signals.once("SIGTERM", this.onSignal);
  }

  get columns(): number {
    return this.output.columns;
  }

  get rows(): number {
    return this.output.rows;
  }

  draw(lines: readonly string[]): void {
    const { columns, rows } = this;
    // Written over what is there: a page that is cleared first flickers.
    const text = lines
      .slice(0, rows)
      .map((line) => line.slice(0, columns) + CLEAR_LINE)
      .join("\n");
    this.output.write(`${HOME}${text}${CLEAR_REST}`);
  }

  onLeave(listener: () => void): void {
    this.listener = listener;
  }

  close(): void {
    this.signals.off("SIGINT", this.onSignal);
    this.signals.off("SIGTERM", this.onSignal);
    this.output.write(LEAVE);
  }
}
