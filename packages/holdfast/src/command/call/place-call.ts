/** Makes the one call, and tells how it ended: also whether there ever was a connection. */
import {
  type Address,
  type Context,
  createContext,
  formatAddress,
  keepProcessAlive,
  type Network,
  ServiceError,
  silentLogger,
} from "@holdfast/core";
import { createClient, createObservers, type Framing, type ProtocolName } from "@holdfast/rpc";
import { DynamicException, type DynamicMethods, dynamicService } from "@holdfast/thrift";
import type { MethodSchema, ServiceSchema } from "@holdfast/thrift";
import { systemRuntime } from "../../system-runtime.ts";

export interface PlacedCall {
  readonly service: ServiceSchema;
  readonly method: MethodSchema;
  readonly address: Address;
  /** By their properties. */
  readonly args: Readonly<Record<string, unknown>>;
  readonly deadlineMs: number;
  readonly framing: Framing;
  readonly protocol: ProtocolName;
  readonly caller: string;
  readonly requestId: string | undefined;
}

export type CallOutcome =
  | { readonly kind: "reply"; readonly value: unknown }
  /** One that the IDL declares. */
  | { readonly kind: "exception"; readonly exception: DynamicException }
  | { readonly kind: "failed"; readonly error: ServiceError }
  | { readonly kind: "not-connected"; readonly reason: string; readonly error: ServiceError };

/** Above what the silence of a server may last: here the deadline alone decides. */
const SILENCE_MARGIN_MS = 10_000;

/** Never rejects for what the service or the network did. */
export async function placeCall(call: PlacedCall): Promise<CallOutcome> {
  const runtime = systemRuntime({ logger: silentLogger });
  const network = new WatchedNetwork(runtime.network);
  const { deadlineMs, method, requestId } = call;
  const client = createClient({
    definition: dynamicService(call.service),
    address: call.address,
    runtime: { ...runtime, network },
    options: {
      name: call.caller,
      framing: call.framing,
      protocol: call.protocol,
      connectionsMax: 1,
      callTimeoutMs: deadlineMs,
      dialTimeoutMs: deadlineMs,
      silenceTimeoutMs: deadlineMs + SILENCE_MARGIN_MS,
    },
  });
  const { requestIds } = createObservers(runtime);
  const context = createContext({
    clock: runtime.clock,
    ...(requestId === undefined ? { requestIds } : { requestId }),
  });
  const release = keepProcessAlive();
  try {
    return { kind: "reply", value: await invoke(client.calls, method, context, call.args) };
  } catch (error) {
    if (error instanceof DynamicException) return { kind: "exception", exception: error };
    return network.outcomeOf(ServiceError.from(error), call);
  } finally {
    release();
    // What a oneway call sends may still be on its way out.
    if (method.oneway) client.leave();
    else client.close();
  }
}

function invoke(
  methods: DynamicMethods,
  { property, arguments: { fields } }: MethodSchema,
  context: Context,
  args: PlacedCall["args"],
): Promise<unknown> {
  const values = fields.map((field) => args[field.property ?? field.name]);
  return methods[property]!(context, ...values);
}

/** Remembers whether anybody answered at all: that is another mistake than a failed call. */
class WatchedNetwork implements Network {
  private readonly inner: Network;
  private connected = false;
  private failure: ServiceError | undefined = undefined;

  constructor(inner: Network) {
    this.inner = inner;
  }

  listen(...input: Parameters<Network["listen"]>): ReturnType<Network["listen"]> {
    return this.inner.listen(...input);
  }

  async connect(...input: Parameters<Network["connect"]>): ReturnType<Network["connect"]> {
    try {
      const socket = await this.inner.connect(...input);
      this.connected = true;
      return socket;
    } catch (error) {
      this.failure = ServiceError.from(error);
      throw error;
    }
  }

  outcomeOf(error: ServiceError, { address, deadlineMs }: PlacedCall): CallOutcome {
    if (this.connected) return { kind: "failed", error };
    const late = `cannot connect to ${formatAddress(address)} within ${deadlineMs} ms`;
    const reason = this.failure?.message ?? late;
    return { kind: "not-connected", reason, error };
  }
}
