/** A file of routes that is what the test says, and requests to ask it. */
import {
  type Context,
  createContext,
  type FileAccess,
  ManualClock,
  MemoryLogger,
  StateRegistry,
} from "holdfast";
import type { Verb } from "../../command/command.ts";
import type { OpenServiceResolver } from "../route-file/pool-set.ts";
import { openRouteFile, type RouteFile } from "../route-file/route-file.ts";
import type { RouteRequest } from "../router.ts";

/** Made up; the fingerprint of nothing. */
export const HOST_KEY = `SHA256:${"A".repeat(43)}`;

export const MAIN = { hosts: ["10.0.0.7:22", "10.0.0.8:22"], hostKeys: [HOST_KEY] };

export class RouteDesk implements FileAccess {
  readonly clock = new ManualClock();
  readonly logger = new MemoryLogger();
  readonly registry = new StateRegistry();
  content: string | Error = "";

  read(): Promise<string> {
    const { content } = this;
    return content instanceof Error ? Promise.reject(content) : Promise.resolve(content);
  }

  open(content: object | string, openResolver?: OpenServiceResolver): Promise<RouteFile> {
    this.write(content);
    const { clock, logger, registry } = this;
    return openRouteFile({
      ...{ path: "routes.json", clock, logger, registry, files: this },
      ...(openResolver !== undefined && { openResolver }),
    });
  }

  write(content: object | string): void {
    this.content = typeof content === "string" ? content : JSON.stringify(content);
  }

  /** As long as it takes until the file has been looked at. */
  async looked(): Promise<void> {
    await this.clock.advanceAndSettle(1_000);
  }

  context(): Context {
    return createContext({ clock: this.clock });
  }
}

/** Who asks: `aviato` unless it is said otherwise. */
export function requestFor(
  repository: string,
  { account = "aviato", verb = "git-upload-pack" }: { account?: string; verb?: Verb } = {},
): RouteRequest {
  const access = verb === "git-receive-pack" || verb === "hg-serve" ? "write" : "read";
  const fingerprint = HOST_KEY;
  const identity = { account, name: "erlich", publicKeyName: "laptop", fingerprint };
  return { identity, verb, access, repository };
}
