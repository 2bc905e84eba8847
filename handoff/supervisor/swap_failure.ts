import { HandoffError } from "../../lock/errors.ts";
import { ChannelTimeoutError, type ChannelTimeoutKind } from "../channel_errors.ts";
import type { Exit } from "../os.ts";

/** Why a handoff is rolled back; the message is the reason that its user reads. */
export class SwapFailure extends HandoffError {}

/** The incumbent died: no reason to roll back, since nobody would serve then. */
export class IncumbentDied extends HandoffError {
  constructor() {
    super("the incumbent died");
  }
}

/** `exited with code 1`, `was ended by signal 9`. */
export function describeExit(exit: Exit): string {
  if ("code" in exit) return `exited with code ${exit.code}`;
  const hint = exit.signal === SIGKILL ? " (SIGKILL: by hand, or out of memory)" : "";
  return `was ended by signal ${exit.signal}${hint}`;
}

/** One line that says what went wrong. */
export function describeFailure(error: unknown): string {
  if (error instanceof ChannelTimeoutError) return TIMEOUTS[error.kind](Math.round(error.ms / 100) / 10);
  const text = error instanceof Error ? error.message : String(error);
  return text.split("\n", 1)[0]!;
}

/** Throws where a shard's revision is older than what was sealed: the successor opened something else, or lost writes. */
export function checkRevisions(sealed: readonly bigint[], opened: readonly bigint[]): void {
  const older = sealed.findIndex((revision, shard) => shard < opened.length && opened[shard]! < revision);
  if (older === -1) return;
  throw new SwapFailure(
    `the successor opened an older state: revision ${opened[older]} of shard ${older}, and ${sealed[older]} was sealed`,
  );
}

const TIMEOUTS: Readonly<Record<ChannelTimeoutKind, (seconds: number) => string>> = {
  timeout: (seconds) => `the time was up after ${seconds} s`,
  silence: (seconds) => `it gave no sign of life for ${seconds} s`,
  write: (seconds) => `it took no message for ${seconds} s`,
};

const SIGKILL = 9;
