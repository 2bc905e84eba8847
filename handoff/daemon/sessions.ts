import { ControlChannel } from "../control_channel.ts";
import { acceptPermitted, connectSocketFile } from "../socket_file.ts";
import { ADOPTION_MS, PROBE_MS, RELOCK_MS } from "../timeouts.ts";
import { acceptPatiently, sleep } from "./accept_patiently.ts";
import type { Daemon } from "./daemon.ts";
import type { Handover } from "./handover.ts";
import { IncumbentSession, type SessionEnd } from "./incumbent.ts";

/**
 * The life of an incumbent: one session after another, until it is replaced or is to stop. Rejects when it must end at
 * once: the lock is lost, or it cannot serve again after a handoff that came to nothing.
 */
export async function serveSessions<State extends Disposable | AsyncDisposable>(
  daemon: Daemon<State>,
): Promise<"stopped" | "replaced"> {
  const { os, fatal, stop } = daemon;
  const interrupt = AbortSignal.any([fatal, stop.signal]);
  while (true) {
    try {
      await os.readable(daemon.sockets.control, { signal: interrupt });
      const connection = await acceptPatiently(() => acceptPermitted(os, daemon.sockets.control), interrupt);
      if (connection === undefined) continue;
      using channel = new ControlChannel(os, connection.fd);
      if (await serveSession(daemon, channel) === "replaced") return "replaced";
    } catch (error) {
      fatal.throwIfAborted();
      if (!stop.asked || error !== stop.signal.reason) throw error;
    }
    fatal.throwIfAborted();
    if (stop.asked) return "stopped";
  }
}

async function serveSession<State extends Disposable | AsyncDisposable>(
  daemon: Daemon<State>,
  channel: ControlChannel,
): Promise<"goes-on" | "replaced"> {
  const session = new IncumbentSession(channel, daemon, { now: daemon.fatal, idle: daemon.stop.signal });
  const end = await session.run(daemon.identity);
  if (end.error !== undefined) daemon.tell({ type: "session-failed", error: end.error });
  using handover = end.handover;
  if (end.outcome === "committed") {
    await giveConnections(handover, daemon.fatal);
    return "replaced";
  }
  if (end.state.phase === "idle") return "goes-on";
  return await recover(daemon, end);
}

/** The successor serves, and takes the idle connections over: as long as that goes on, but not for ever. */
async function giveConnections(handover: Handover | undefined, signal: AbortSignal): Promise<void> {
  if (handover === undefined) return;
  using tooLate = new Abort();
  await Promise.race([handover.finished, sleep(ADOPTION_MS, AbortSignal.any([signal, tooLate.signal]))]).catch(
    () => {},
  );
}

/** The supervisor is gone in the middle of a handoff. From now on the process that has, or gets, the lock serves. */
async function recover<State extends Disposable | AsyncDisposable>(
  daemon: Daemon<State>,
  end: SessionEnd<Handover>,
): Promise<"goes-on" | "replaced"> {
  const { handover } = end;
  if (handover !== undefined && handover.close() || handover === undefined && daemon.ownership.locked) {
    await daemon.resume(REASON);
    return "goes-on";
  }
  const replaced = handover === undefined
    ? await lockOrSuccessor(daemon, end)
    : await successorOrItsEnd(daemon, handover);
  if (replaced) {
    await giveConnections(handover, daemon.fatal);
    return "replaced";
  }
  await daemon.resume(REASON);
  return "goes-on";
}

const REASON = "the supervisor is gone";

/** The successor has the lock: true when it serves, false when its process has ended, or this one is to stop. */
async function successorOrItsEnd<State extends Disposable | AsyncDisposable>(
  { fatal, stop }: Daemon<State>,
  handover: Handover,
): Promise<boolean> {
  using interrupt = new Abort(fatal, stop.signal);
  const served = await Promise.race([
    handover.gone().then(() => false),
    handover.served.then(() => true),
    interrupt.reached.then(() => false),
  ]);
  // It may have served, and have ended since.
  return served && !await handover.isGone();
}

/** The lock is free: true when a successor answers on the control path, false when it is ours again. */
async function lockOrSuccessor<State extends Disposable | AsyncDisposable>(
  daemon: Daemon<State>,
  { deadline }: SessionEnd<Handover>,
): Promise<boolean> {
  using decided = new Abort(daemon.fatal, daemon.stop.signal);
  const timeout = Math.max(RELOCK_MS, deadline - performance.now());
  const locked = daemon.ownership.acquire({ timeout, signal: decided.signal }).then(() => false);
  const successor = untilSuccessorAnswers(daemon, decided.signal).then(() => true);
  try {
    const replaced = await Promise.race([locked, successor]);
    decided.abort();
    // It may have been ours in the same moment.
    return replaced && !await locked.then(() => true, () => false);
  } catch (error) {
    if (daemon.stop.asked) return false;
    throw error;
  } finally {
    decided.abort();
    await Promise.allSettled([locked, successor]);
  }
}

/** How often the control path is looked at. */
const LOOK_MS = 100;

async function untilSuccessorAnswers<State extends Disposable | AsyncDisposable>(
  daemon: Daemon<State>,
  signal: AbortSignal,
): Promise<void> {
  while (true) {
    await sleep(LOOK_MS, signal);
    if (!daemon.sockets.reachable && await answers(daemon, signal)) return;
  }
}

/** Whether another process says Hello at the control path. */
async function answers<State extends Disposable | AsyncDisposable>(
  { os, controlSocket, identity }: Daemon<State>,
  signal: AbortSignal,
): Promise<boolean> {
  try {
    using channel = new ControlChannel(os, await connectSocketFile(os, controlSocket, { signal }));
    const hello = await channel.receive({ timeout: PROBE_MS, signal });
    return hello?.type === "Hello" && hello.pid !== identity.pid;
  } catch {
    return false;
  }
}

/** An AbortController for the time of a block. */
class Abort implements Disposable {
  readonly #controller = new AbortController();
  readonly signal: AbortSignal;

  constructor(...others: AbortSignal[]) {
    this.signal = AbortSignal.any([this.#controller.signal, ...others]);
  }

  /** Resolves when it is aborted. */
  get reached(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    if (this.signal.aborted) resolve();
    this.signal.addEventListener("abort", () => resolve(), { once: true });
    return promise;
  }

  abort(): void {
    this.#controller.abort();
  }

  [Symbol.dispose](): void {
    this.abort();
  }
}
