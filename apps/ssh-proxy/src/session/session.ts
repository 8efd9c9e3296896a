/**
 * One session: a channel of a client on which one command is run at a backend.
 *
 *   ① exec → ② command → ③ route → ④ backend → ⑤ splice → ⑥ exit
 *
 * What the client sends before ⑤ is held, at most the first window of its channel. Each failure on
 * the way leaves with a text on stderr and an exit status; none is silent.
 */
import { type Clock, type Context, ServiceError } from "holdfast";
import type { Identity } from "../accounts/account-directory.ts";
import type { Borrowed } from "../backend/backend-connections.ts";
import { formatBackendCommand } from "../command/backend-command.ts";
import type { Command } from "../command/command.ts";
import { parseGitProtocol } from "../command/git-protocol.ts";
import { isRefusal, parseCommand } from "../command/parse-command.ts";
import type { ConnectionLog, EndReason } from "../forensic/forensic-event.ts";
import type { Route } from "../routing/router.ts";
import type { ChannelHandler, SshChannel } from "../ssh/connection/ssh-channel.ts";
import type { SshConnection } from "../ssh/connection/ssh-connection.ts";
import { MessageReader } from "../ssh/message-reader.ts";
import { MessageWriter } from "../ssh/message-writer.ts";
import type { SshError } from "../ssh/ssh-error.ts";
import type { ProxyStats } from "../stats/proxy-stats.ts";
import { BackendSide } from "./backend-side.ts";
import { Flow, type FlowMeter } from "./flow.ts";
import { borrowBackend, findRoute } from "./logged-steps.ts";
import { backendAway, greeting, routeUnknown, SESSION_TEXTS } from "./session-texts.ts";
import { escapeForTerminal } from "./terminal-text.ts";

/** What a session needs of the proxy. */
export interface SessionParts {
  readonly clock: Clock;
  /** Time for ③, in ms. */
  readonly routeMs: number;
  readonly route: (context: Context, identity: Identity, command: Command) => Promise<Route>;
  /** Rejects with a ServiceError. */
  readonly borrow: (route: Route, account: string, fresh: boolean) => Promise<Borrowed>;
  readonly stats: Pick<ProxyStats, "bytesIn" | "bytesOut" | "earlyCloses" | "addBuffered">;
}

export interface SessionInput {
  readonly parts: SessionParts;
  readonly identity: Identity;
  readonly channel: SshChannel;
  readonly connection: SshConnection;
  readonly log: ConnectionLog;
  /** A byte of payload went by. */
  readonly onPayload: () => void;
  readonly onEnd: (session: Session) => void;
  /** The client has closed its side, too, or the connection is gone: the last that is heard. */
  readonly onGone: (session: Session) => void;
}

/** As shells use them: what was asked cannot be run; come again later (sysexits.h, EX_TEMPFAIL). */
const EXIT = { refused: 128, temporary: 75 } as const;
const ENVIRONMENT_MAX = 4;
const TEXT_MAX_BYTES = 4_096;
const SIGNAL_MAX_BYTES = 64;
/** What a person at a keyboard never reaches. */
const SIGNALS_MAX = 100;
/** How long a backend may take to close a channel that the client has left. */
const BACKEND_CLOSE_MS = 5_000;

export class Session implements ChannelHandler {
  readonly startMs: number;
  command: Command | undefined = undefined;
  route: Route | undefined = undefined;
  backendAddress = "";
  reason: EndReason = "client-closed";
  ended = false;
  private readonly input: SessionInput;
  private readonly channel: SshChannel;
  private readonly up: Flow;
  private down: Flow | undefined = undefined;
  private backend: BackendSide | undefined = undefined;
  private gitProtocol: string | undefined = undefined;
  private environmentCount = 0;
  private started = false;
  private terminal = false;
  private eofReceived = false;
  private clientLeft = false;
  private readerGone = false;
  private signalCount = 0;
  private execMs = 0;
  /** Requests for the backend that came before it was there. */
  private readonly early: { name: string; payload: Buffer }[] = [];
  private exit: { readonly status?: number; readonly signal?: string } = {};

  constructor(input: SessionInput) {
    this.input = input;
    this.channel = input.channel;
    this.startMs = input.parts.clock.nowMs();
    const { channel, connection } = input;
    const { stats } = input.parts;
    this.up = new Flow({ channel, connection }, meterOf(stats, stats.bytesIn));
  }

  get channelId(): number {
    return this.channel.id;
  }

  get bytesIn(): number {
    return this.up.bytes;
  }

  get bytesOut(): number {
    return this.down?.bytes ?? 0;
  }

  onData(bytes: Buffer): void {
    this.input.onPayload();
    this.up.onData(bytes, false);
  }

  onStderr(): void {
    // Clients have no stderr to send; what comes is not passed on as something else.
  }

  onEof(): void {
    this.eofReceived = true;
    this.up.finish(() => this.backend?.channel.eof());
  }

  onSendable(): void {
    this.down?.onSendable();
  }

  onRequest(name: string, payload: Buffer): boolean {
    switch (name) {
      case "env":
        return this.onEnvironment(new MessageReader(payload, 0));
      case "exec":
        return this.onExec(new MessageReader(payload, 0).string());
      case "shell":
        return this.onShell();
      case "subsystem":
        return this.onSubsystem();
      case "pty-req":
        // It only changes how lines end in what we say.
        this.terminal = true;
        return true;
      case "window-change":
        return true;
      case "signal":
        return this.onSignal(new MessageReader(payload, 0).text(SIGNAL_MAX_BYTES));
      case "eow@openssh.com":
        return this.onReaderGone(name);
      default:
        return false;
    }
  }

  /** A client that waits for nothing but the exit status closes its side first. */
  onPeerClose(): boolean {
    const { backend } = this;
    if (this.ended || backend === undefined || backend.closed) return false;
    this.clientLeft = true;
    this.up.close();
    this.down?.discard();
    backend.closeSoon();
    return true;
  }

  onClose(error: SshError | undefined): void {
    if (error !== undefined && this.reason === "client-closed") this.reason = "client-lost";
    this.finish();
    this.input.onGone(this);
  }

  /** Ends it with a text: on stderr, with an exit status. */
  endWith(reason: EndReason, text: string, status: number = EXIT.temporary): void {
    if (this.ended) return;
    this.reason = reason;
    this.say(text);
    this.exit = { status };
    this.channel.exitStatus(status);
    this.channel.eof();
    this.channel.close();
    this.finish();
  }

  private onSignal(signal: string): boolean {
    if (++this.signalCount > SIGNALS_MAX) return false;
    this.passOn("signal", new MessageWriter().string(signal).finish());
    return true;
  }

  /** The client's reader is gone, such as `head`: nothing more is sent to it. */
  private onReaderGone(name: string): boolean {
    if (this.readerGone) return true;
    this.readerGone = true;
    this.down?.discard();
    this.input.parts.stats.earlyCloses.value++;
    this.passOn(name, EMPTY);
    return true;
  }

  private onEnvironment(reader: MessageReader): boolean {
    if (++this.environmentCount > ENVIRONMENT_MAX || this.started) return false;
    const name = reader.text(TEXT_MAX_BYTES);
    const value = reader.text(TEXT_MAX_BYTES);
    if (name !== "GIT_PROTOCOL") return false;
    this.gitProtocol = parseGitProtocol(value);
    return this.gitProtocol !== undefined;
  }

  private onShell(): boolean {
    if (!this.begin()) return false;
    afterReply(() => this.endWith("done", greeting(this.input.identity), 0));
    return true;
  }

  private onSubsystem(): boolean {
    if (!this.begin()) return false;
    afterReply(() => this.refuse(SESSION_TEXTS.noSubsystem));
    return true;
  }

  private onExec(bytes: Buffer): boolean {
    if (!this.begin()) return false;
    const { log } = this.input;
    const text = bytes.subarray(0, TEXT_MAX_BYTES).toString("utf8");
    log.record({ event: "exec", channel: this.channel.id, command: text });
    const command = parseCommand(bytes);
    if (isRefusal(command)) {
      afterReply(() => this.refuse(command.refused));
      return true;
    }
    this.command = command;
    void this.run(command);
    return true;
  }

  /** One command for each session. */
  private begin(): boolean {
    if (this.started || this.ended) return false;
    this.started = true;
    this.execMs = this.input.parts.clock.nowMs();
    return true;
  }

  private async run(command: Command): Promise<void> {
    try {
      const route = await findRoute(this.input, command);
      if (this.ended) return;
      this.route = route;
      await this.connect(command, route);
    } catch (error) {
      this.onRunFailed(ServiceError.from(error));
    }
  }

  /** A kept connection may have died unnoticed: then once more, with a fresh one. */
  private async connect(command: Command, route: Route): Promise<void> {
    const first = await this.borrow(route, false);
    if (first === undefined) return;
    const opened = await this.openAt(first, command, route);
    if (opened || !first.reused || this.ended) {
      if (!opened && !this.ended) {
        throw new ServiceError("unavailable", `${first.connection.address} opened no session`);
      }
      return;
    }
    const second = await this.borrow(route, true);
    if (second === undefined || (await this.openAt(second, command, route)) || this.ended) return;
    throw new ServiceError("unavailable", `${second.connection.address} opened no session`);
  }

  /** Undefined when the session has ended meanwhile. */
  private async borrow(route: Route, fresh: boolean): Promise<Borrowed | undefined> {
    const borrowed = await borrowBackend(this.input, route, fresh);
    if (!this.ended) return borrowed;
    borrowed.release(true);
    return undefined;
  }

  /** ⑤: false when the backend does not open a session on it. */
  private async openAt(borrowed: Borrowed, command: Command, route: Route): Promise<boolean> {
    const { parts, connection, log, onPayload } = this.input;
    const side = new BackendSide({
      ...{ clock: parts.clock, borrowed, closeMs: BACKEND_CLOSE_MS, onPayload },
      front: { channel: this.channel, connection },
      meter: meterOf(parts.stats, parts.stats.bytesOut),
      onSendable: () => this.up.onSendable(),
      onClose: (error) => this.onBackendClose(side, error),
    });
    if (!(await side.open())) return false;
    if (this.ended) {
      side.leave();
      return true;
    }
    this.backend = side;
    this.down = side.down;
    this.backendAddress = borrowed.connection.address;
    if (this.gitProtocol !== undefined) {
      const variable = new MessageWriter().string("GIT_PROTOCOL").string(this.gitProtocol);
      side.channel.request("env", variable.finish());
    }
    const line = formatBackendCommand(command, route.path);
    const accepted = side.channel.ask("exec", new MessageWriter().string(line).finish());
    log.record({
      ...{ event: "splice", channel: this.channel.id },
      sinceExecMs: parts.clock.nowMs() - this.execMs,
    });
    for (const { name, payload } of this.early.splice(0)) side.channel.request(name, payload);
    this.up.attach(side.end);
    if (this.eofReceived) this.up.finish(() => side.channel.eof());
    if (!(await accepted) && !side.closed && !this.ended) {
      this.endWith("backend-refused", SESSION_TEXTS.commandRefused, EXIT.refused);
    }
    return true;
  }

  /** ⑥: what came is passed on first, then how it ended. */
  private onBackendClose(side: BackendSide, error: SshError | undefined): void {
    if (this.ended) return;
    side.down.finish(() => {
      if (this.ended) return;
      if (side.exit === undefined && this.clientLeft) {
        this.channel.close();
        return this.finish();
      }
      if (side.exit === undefined) {
        const { backendLost, backendSilent } = SESSION_TEXTS;
        return this.endWith("backend-lost", error === undefined ? backendSilent : backendLost);
      }
      this.exit = side.exit.ended;
      this.reason = "done";
      this.channel.request(side.exit.name, side.exit.payload);
      this.channel.eof();
      this.channel.close();
      this.finish();
    });
  }

  private onRunFailed(error: ServiceError): void {
    if (this.ended) return;
    const { repository } = this.command!;
    // One text for what is not there and what this account may not see.
    if (error.code === "not-found") return this.refuse(escapeForTerminal(error.message));
    const text = this.route === undefined ? routeUnknown(repository) : backendAway(repository);
    this.endWith("backend-unreachable", text);
  }

  private refuse(why: string): void {
    this.input.log.record({ event: "refuse", channel: this.channel.id, why });
    this.endWith("refused", why, EXIT.refused);
  }

  private passOn(name: string, payload: Buffer): void {
    if (this.backend !== undefined) this.backend.channel.request(name, payload);
    else if (this.early.length < ENVIRONMENT_MAX) this.early.push({ name, payload });
  }

  /** On stderr, as much as the client has room for. */
  private say(text: string): void {
    const lines = `${text}\n`.replaceAll("\n", this.terminal ? "\r\n" : "\n");
    const bytes = Buffer.from(lines, "utf8");
    const room = Math.min(bytes.length, this.channel.windowBytes);
    if (room > 0) this.channel.sendStderr(bytes.subarray(0, room));
  }

  private finish(): void {
    if (this.ended) return;
    this.ended = true;
    const { parts, log, onEnd } = this.input;
    const peak = Math.max(this.up.bufferedPeakBytes, this.down?.bufferedPeakBytes ?? 0);
    log.record({
      ...{ event: "exit", channel: this.channel.id, ...this.exit, reason: this.reason },
      ...{ bytesIn: this.bytesIn, bytesOut: this.bytesOut, bufferedPeakBytes: peak },
      durationMs: parts.clock.nowMs() - this.startMs,
    });
    this.up.close();
    this.down?.close();
    this.backend?.leave();
    onEnd(this);
  }
}

const EMPTY = Buffer.alloc(0);

/** A request is answered before what follows from it. */
function afterReply(action: () => void): void {
  queueMicrotask(action);
}

function meterOf(stats: SessionParts["stats"], bytes: FlowMeter["bytes"]): FlowMeter {
  return { bytes, addBuffered: (delta) => stats.addBuffered(delta) };
}
