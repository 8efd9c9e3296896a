/**
 * The place of one connection, which goes back exactly once: when somebody has logged in to the
 * others that have not, and when it closes altogether.
 */
import type { Admission, Handshake, Ticket } from "./admission.ts";
import type { PenaltyKind } from "./front-options.ts";
import type { HandshakePlace } from "./handshake-slots.ts";
import type { Source } from "./source-address.ts";

export class AdmittedTicket implements Ticket {
  readonly kind = "ticket";
  readonly source: Source;
  readonly exempt: boolean;
  private readonly admission: Admission;
  private state: "unauthenticated" | "authenticated" | "closed" = "unauthenticated";
  private handshake: HandshakePlace | undefined = undefined;

  constructor(admission: Admission, source: Source, exempt: boolean) {
    this.admission = admission;
    this.source = source;
    this.exempt = exempt;
    admission.countOpen(1);
    admission.countUnauthenticated(source, exempt, 1);
  }

  authenticated(): void {
    if (this.state !== "unauthenticated") return;
    this.state = "authenticated";
    this.admission.countUnauthenticated(this.source, this.exempt, -1);
  }

  closed(): void {
    if (this.state === "closed") return;
    this.authenticated();
    this.state = "closed";
    this.admission.countOpen(-1);
    this.handshake?.release();
  }

  penalise(kind: PenaltyKind): void {
    if (!this.exempt) this.admission.penalise(this.source, kind);
  }

  async acquireHandshake(): Promise<Handshake> {
    if (this.state === "closed") return { kind: "closed" };
    if (this.handshake !== undefined) throw new Error("a key exchange is asked for once");
    const place = this.admission.acquireHandshake(this.source);
    if ("kind" in place) return place;
    this.handshake = place;
    return (await place.begin)
      ? { kind: "granted", release: () => place.release() }
      : { kind: "closed" };
  }
}
