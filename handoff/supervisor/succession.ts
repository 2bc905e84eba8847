import {
  array,
  count,
  flag,
  integer,
  object,
  oneOf,
  optional,
  parseJson,
  type Shape,
  text,
} from "../protocol/shapes.ts";
import { upgradeRecord } from "../protocol/trigger_events.ts";
import type { UpgradeRecord } from "../protocol/trigger.ts";
import type { RestartState } from "./restart.ts";

/** What a supervisor knows that its replacement is to know, too. */
export interface SupervisorState {
  readonly restarts: RestartState;
  readonly generation: number;
  readonly restartCount: number;
  /** The newest first. */
  readonly history: readonly UpgradeRecord[];
  /** When the daemon began to serve, in milliseconds since 1970. */
  readonly daemonSinceMs: number;
}

/** The first line, to the replacement: what it gets. The descriptors of the listeners are in the order of the names. */
export interface Estate {
  readonly v: 1;
  readonly listeners: readonly string[];
  readonly state: SupervisorState;
}

/**
 * What follows: the replacement is `ready`, or says why it cannot be; it is told to `go`; it has `taken` over. Until that
 * line the one before stays the supervisor whatever happens, and from it on it is none any more.
 */
export interface Word {
  readonly word: "ready" | "refused" | "go" | "taken";
  readonly reason?: string | undefined;
}

/** The environment variable that tells a supervisor whom it replaces: the number of the stream between the two. */
export const SUCCESSION_FD = "HANDOFF_SUPERVISOR_FD";

/** The numbers of the descriptors in the replacement; those of the listeners follow. */
export const SUCCESSION_DESCRIPTORS = { stream: 3, lock: 4, trigger: 5, listeners: 6 } as const;

/** The most bytes of a line, which has the whole history. */
export const MAX_SUCCESSION_BYTES: number = 1 << 20;

const estate = object<Estate>({
  v: oneOf(1),
  listeners: array(text),
  state: object<SupervisorState>({
    restarts: object<RestartState>({
      command: array(text),
      buildId: optional(text),
      isGood: flag,
      before: optional(array(text)),
      beforeBuildId: optional(text),
    }),
    generation: count,
    restartCount: count,
    history: array(upgradeRecord),
    daemonSinceMs: integer,
  }),
});
const word = object<Word>({ word: oneOf("ready", "refused", "go", "taken"), reason: optional(text) });

/** The line of what is said, with its newline. */
export function encodeSuccession(message: Estate | Word): Uint8Array {
  return new TextEncoder().encode(`${JSON.stringify(message)}\n`);
}

/** Throws a `ProtocolError` for a line that is something else. */
export const parseEstate = (line: string): Estate => parsed(estate, line);

/** The same for what follows. */
export const parseWord = (line: string): Word => parsed(word, line);

function parsed<T>(shape: Shape<T>, line: string): T {
  return shape(parseJson(line), "what the other supervisor says");
}
