/** One who watches a service: what it was told last, and whether something is new to it. */
import type { Instance, Resolution, ResolverWatch } from "@holdfast/core";

export class ListWatch implements ResolverWatch {
  readonly service: string;
  readonly close: () => void;
  readonly refresh: () => void;
  current: Resolution | undefined = undefined;
  private readonly listener: (resolution: Resolution) => void;

  constructor(
    service: string,
    listener: (resolution: Resolution) => void,
    actions: { readonly close: () => void; readonly refresh: () => void },
  ) {
    this.service = service;
    this.listener = listener;
    this.close = actions.close;
    this.refresh = actions.refresh;
  }

  /** The source has answered. */
  confirm(instances: readonly Instance[], nowMs: number): void {
    const before = this.current;
    const same = before !== undefined && sameInstances(before.instances, instances);
    this.current = {
      instances: same ? before.instances : instances,
      confirmedMs: nowMs,
      stale: undefined,
    };
    if (!same || before.stale !== undefined) this.listener(this.current);
  }

  /** It has not, or nothing of use: the last list stays. */
  doubt(stale: string): void {
    const before = this.current;
    if (before === undefined || before.stale === stale) return;
    this.current = { ...before, stale };
    this.listener(this.current);
  }
}

function sameInstances(one: readonly Instance[], two: readonly Instance[]): boolean {
  return one === two || JSON.stringify(one) === JSON.stringify(two);
}
