/** One phase of a swap. */
export interface Phase {
  readonly phase: string;
  readonly ms: number;
}

/** One request: when it was sent, by the clock of `performance.now()`, and what became of it. */
export interface Sample {
  readonly at: number;
  readonly ms: number;
  readonly failed: boolean;
}

/** What the clients of one kind saw over all swaps. */
export interface GroupFigures {
  readonly looks: boolean;
  readonly thinkMs: number;
  readonly requests: number;
  readonly failed: number;
  readonly reconnects: number;
}

/** What came of the swaps of one peer. */
export interface SwapFigures {
  readonly swaps: number;
  readonly groups: readonly GroupFigures[];
  /** Of the connections that were opened in the moment of a swap: how many got no answer. */
  readonly queuedLost: number;
  readonly queued: number;
  /** The longest that an answer took, in milliseconds. */
  readonly longestMs: number;
  /** For each swap, the longest time in which none of the busy clients got an answer, in milliseconds. */
  readonly pausesMs: readonly number[];
  /** How long the command took that swaps, in milliseconds. */
  readonly commandMs: readonly number[];
  /** The requests around the last swap, 0 being its start. */
  readonly timeline: readonly Sample[];
  /** Of the last swap, where its command tells them. */
  readonly phases: readonly Phase[];
}

/** What came of one peer: figures, or why there are none. */
export interface PeerFigures {
  readonly name: string;
  readonly version?: string;
  readonly skipped?: string;
  readonly figures?: SwapFigures;
}
