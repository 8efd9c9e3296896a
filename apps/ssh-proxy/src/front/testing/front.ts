/** An admission with a clock, a coin and numbers that the test holds. */
import assert from "node:assert/strict";
import { ManualClock, type Random, SeededRandom, StatsRegistry } from "holdfast";
import { Admission, describeDrop, type Drop, type Ticket } from "../admission.ts";
import { type AdmissionOptionsInput, completeFrontOptions } from "../front-options.ts";
import { Penalties } from "../penalties.ts";

export class Front {
  readonly clock = new ManualClock();
  readonly stats = new StatsRegistry();
  readonly penalties: Penalties;
  readonly admission: Admission;
  /** What the coin shows: 1 never drops early. */
  coin = 1;

  constructor(input: AdmissionOptionsInput = {}, random?: Random) {
    const { clock, stats } = this;
    const options = completeFrontOptions({ admission: input });
    this.penalties = new Penalties({ clock, options: options.penalties, stats });
    const coin = (): number => this.coin;
    this.admission = new Admission({
      ...{ clock, stats, penalties: this.penalties, options: options.admission, cores: 1 },
      random: random ?? { next: coin, below: () => 0, stream: () => new SeededRandom(1) },
    });
  }

  ticket(remote: string): Ticket {
    const answer = this.admission.admit(remote);
    assert.ok(answer.kind === "ticket", answer.kind === "drop" ? describeDrop(answer) : "");
    return answer;
  }

  drop(remote: string): Drop {
    const answer = this.admission.admit(remote);
    assert.ok(answer.kind === "drop");
    return answer;
  }

  get counts(): readonly number[] {
    const { connections, unauthenticated, unauthenticatedSources } = this.admission.snapshot();
    return [connections, unauthenticated, unauthenticatedSources];
  }
}

/** One source for each number. */
export const host = (index: number): string => `10.${index >> 8}.${index & 255}.1:40000`;

/** What waits for promises has gone on. */
export async function settled(): Promise<void> {
  for (let turn = 0; turn < 6; turn++) await Promise.resolve();
}
