import type { HoldEnd } from "./record.ts";

/** What the driver tells a program that it starts, as JSON in its first argument. */
export interface Orders {
  /** The name that it writes into the journal under. */
  readonly who: string;
  readonly dataDir: string;
  readonly journal: string;
  /** What its choices follow from. */
  readonly seed: string;
  /** When it ends, as {@linkcode now} counts: after the first hold that ends later. */
  readonly until: number;
  /** How that hold ends; with a release if nothing is said. */
  readonly lastEnd?: HoldEnd;
  /**
   * Whether it has fewer rights than others. A contender gives up root: it gets EPERM when it asks whether another lives.
   * An inspector cannot read whom the kernel names.
   */
  readonly unprivileged: boolean;
}

/** The orders of this program. */
export function ownOrders(): Orders {
  return JSON.parse(Deno.args[0]);
}
