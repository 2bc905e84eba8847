import type { Os } from "../os.ts";
import { SILENCE_MS } from "../timeouts.ts";
import { Child } from "./child.ts";
import { settled } from "./hear.ts";
import { IncumbentSession } from "./incumbent_session.ts";
import { describeExit, describeFailure, SwapFailure } from "./swap_failure.ts";
import type { Incumbent } from "./swap_parties.ts";

/** How a successor proves itself. */
export interface SoakTerms {
  /** For how long, in milliseconds. */
  readonly soakMs: number;
  /** A program that exits with 0 while all is well. */
  readonly healthCommand?: readonly string[] | undefined;
  /** An address that answers 200 to 299 while all is well. */
  readonly healthUrl?: string | undefined;
}

/** How often it is looked after, in milliseconds. */
const INTERVAL_MS = 1_000;
/** How long a health check may take, in milliseconds. */
const CHECK_MS = 5_000;
/** How many failures in a row are too many. */
const MAX_FAILURES = 3;

/**
 * Watches over a successor that serves and is not committed. Rejects when it fails its checks three times in a row, with
 * what was wrong the last time, and with the reason of `ended` when it dies. It is an incumbent already: that it lives is
 * asked on its own control socket.
 */
export async function soak(os: Os, successor: Incumbent, terms: SoakTerms, ended: AbortSignal): Promise<void> {
  const end = performance.now() + terms.soakMs;
  let failures = 0;
  while (performance.now() < end) {
    const failure = await check(os, successor, terms, ended).then(() => undefined, describeFailure);
    ended.throwIfAborted();
    failures = failure === undefined ? 0 : failures + 1;
    if (failures === MAX_FAILURES) {
      throw new SwapFailure(`the successor failed ${MAX_FAILURES} checks in a row: ${failure}`);
    }
    await settled(successor.ended, Math.min(INTERVAL_MS, Math.max(1, end - performance.now())));
    ended.throwIfAborted();
  }
  if (failures > 0) throw new SwapFailure("the successor failed its last check");
}

/** Has a successor that served finish what is in flight and seal, so that what it acknowledged is in the data. */
export async function retire(successor: Incumbent, { handoffId, patienceMs }: {
  readonly handoffId: string;
  readonly patienceMs: number;
}): Promise<void> {
  const session = new IncumbentSession(successor, handoffId);
  const { signal } = new AbortController();
  await session.open(signal);
  await session.drain({
    successorPid: Deno.pid,
    deadlineMs: patienceMs,
    drainGraceMs: patienceMs,
    timeout: 2 * patienceMs,
    signal,
  });
  await session.seal({ timeout: patienceMs, signal });
}

async function check(os: Os, successor: Incumbent, terms: SoakTerms, ended: AbortSignal): Promise<void> {
  const signal = AbortSignal.any([ended, AbortSignal.timeout(SILENCE_MS)]);
  await saysHello(successor, signal);
  if (terms.healthCommand !== undefined) await runCheck(os, terms.healthCommand);
  if (terms.healthUrl !== undefined) await fetchCheck(terms.healthUrl, ended);
}

async function saysHello(successor: Incumbent, signal: AbortSignal): Promise<void> {
  using channel = await successor.connect();
  const hello = await channel.receive({ signal });
  if (hello?.type === "Hello" && hello.pid === successor.pid) return;
  throw new SwapFailure("another process answers on its control socket");
}

async function runCheck(os: Os, command: readonly string[]): Promise<void> {
  const child = Child.spawn(os, { argv: command, env: Deno.env.toObject() });
  if (!await settled(child.ended, CHECK_MS)) {
    await child.kill();
    throw new SwapFailure(`its health command took longer than ${CHECK_MS / 1_000} s`);
  }
  const exit = await child.ended;
  if (!("code" in exit) || exit.code !== 0) throw new SwapFailure(`its health command ${describeExit(exit)}`);
}

async function fetchCheck(url: string, ended: AbortSignal): Promise<void> {
  const signal = AbortSignal.any([ended, AbortSignal.timeout(CHECK_MS)]);
  const response = await fetch(url, { signal, headers: { Connection: "close" } });
  await response.body?.cancel();
  if (!response.ok) throw new SwapFailure(`its health address answers ${response.status}`);
}
