import type { Os } from "../os.ts";
import type { OutcomeEvent } from "../protocol/trigger.ts";
import { TRIGGER_MS } from "../timeouts.ts";
import { Child } from "./child.ts";
import { LineChannel } from "./line_channel.ts";
import type { Log } from "./log.ts";
import type { Station } from "./station.ts";
import {
  encodeSuccession,
  MAX_SUCCESSION_BYTES,
  parseWord,
  SUCCESSION_DESCRIPTORS,
  SUCCESSION_FD,
  type Word,
} from "./succession.ts";
import { SIGNALS } from "./signals.ts";
import type { Supervisor } from "./supervisor.ts";
import { describeExit, describeFailure, SwapFailure } from "./swap_failure.ts";
import type { TriggerServer } from "./trigger_server.ts";

/** What a supervisor is replaced with. */
export interface ReplacementParts {
  readonly os: Os;
  readonly supervisor: Supervisor;
  readonly station: Station;
  readonly server: TriggerServer;
  readonly log: Log;
  /** This process's own command line and environment; undefined where it is not known to do nothing but supervise. */
  readonly own?: OwnProgram | undefined;
  /** How long the replacement may take to be ready, in milliseconds. */
  readonly deadlineMs: number;
  /** Whether the daemon can be adopted. */
  readonly adoptable: boolean;
  /** Tells the service manager which process is the main one from now on. */
  tellMainPid(pid: number): void;
}

/** How the program of this process is started once more. */
export interface OwnProgram {
  readonly argv: readonly string[];
  readonly env: Readonly<Record<string, string>>;
}

/**
 * Starts this supervisor's program anew, as it now stands at its path, beside this process, and gives it the supervisor's
 * lock, the trigger socket and the listeners. It adopts the daemon, which notices nothing. Until it has said that it has
 * taken over, this process stays the supervisor, and kills it where it cannot; from then on this process is none any
 * more: {@linkcode Supervisor.finished} resolves to 0. The lock is held all the time: both have the same open file.
 */
export async function replaceSupervisor(parts: ReplacementParts): Promise<OutcomeEvent> {
  const { supervisor, log } = parts;
  const refusal = whyNot(parts);
  if (refusal !== undefined) return outcome("nothing-begun", refusal);
  using underway = supervisor.enterUpgrade();
  if (underway === undefined) return outcome("busy", "an upgrade is under way");
  await supervisor.retired;
  try {
    return await supervisor.handOver(async () => {
      const pid = await succeed(parts, underway.cancel.signal);
      log("supervisor-replaced", { by: pid });
      supervisor.leave();
      return outcome("committed");
    });
  } catch (error) {
    const reason = `the old supervisor stays, the new one cannot take over: ${describeFailure(error)}`;
    log("supervisor-stays", { reason });
    return outcome("rolled-back", reason);
  }
}

function whyNot({ own, supervisor, adoptable }: ReplacementParts): string | undefined {
  if (Deno.pid === 1) {
    return "the supervisor is the first process of its container (PID 1), which ends with it: replace the container";
  }
  if (own === undefined) return 'only "handoff supervise" can be replaced while it runs, and not a program around it';
  if (!adoptable) return "its daemon is one that is restarted cold, which no supervisor can adopt";
  if (supervisor.stopping.aborted) return "the supervisor is stopping";
  if (supervisor.daemon?.serving !== true) return "no daemon serves that the new supervisor could adopt";
  return undefined;
}

/** Resolves to the replacement's pid when it has taken over; rejects when it is dead and reaped. */
async function succeed(parts: ReplacementParts, cancelled: AbortSignal): Promise<number> {
  const { os, server, supervisor, station, tellMainPid } = parts;
  const [ours, theirs] = os.socketPair();
  using failed = new DisposableStack();
  const channel = failed.use(new LineChannel(os, ours, MAX_SUCCESSION_BYTES));
  const child = start(parts, theirs);
  let paused = false;
  try {
    const state = supervisor.state();
    await channel.send(encodeSuccession({ v: 1, listeners: [...station.listeners.keys()], state }));
    await said(channel, "ready", { timeout: parts.deadlineMs, signal: cancelled });
    // Who asks from now on is answered by the new one.
    paused = true;
    await server.pause();
    cancelled.throwIfAborted();
    await channel.send(encodeSuccession({ word: "go" }));
    await said(channel, "taken", { timeout: TRIGGER_MS });
  } catch (error) {
    const exit = await ended(child);
    await child.kill();
    if (paused) server.resume();
    // Its end says more than that of the stream.
    throw error instanceof SwapFailure || exit === undefined ? error : new SwapFailure(exit, { cause: error });
  }
  tellMainPid(child.pid);
  // A signal to end that came too late to be heeded here is for the one that can.
  if (supervisor.stopping.aborted) child.signal(SIGNALS.SIGTERM);
  child[Symbol.dispose]();
  // The stream ends with this process: that is how the new one knows that all sockets are free.
  failed.move();
  return child.pid;
}

function start({ os, station, own }: ReplacementParts, stream: number): Child {
  using _passed = { [Symbol.dispose]: () => os.close(stream) };
  const numbers = SUCCESSION_DESCRIPTORS;
  return Child.spawn(os, {
    argv: own!.argv,
    env: { ...own!.env, [SUCCESSION_FD]: `${numbers.stream}` },
    descriptors: new Map([
      [numbers.stream, stream],
      [numbers.lock, station.lock],
      [numbers.trigger, station.trigger],
      ...[...station.listeners.values()].map((fd, index) => [numbers.listeners + index, fd] as const),
    ]),
  });
}

async function said(
  channel: LineChannel,
  expected: Word["word"],
  limits: { readonly timeout: number; readonly signal?: AbortSignal | undefined },
): Promise<void> {
  const line = await channel.receive(limits);
  if (line === undefined) throw new Error("it closed its stream");
  const { word, reason } = parseWord(line);
  if (word === "refused") throw new SwapFailure(reason ?? "it does not say why");
  if (word !== expected) throw new Error(`it said ${word} where ${expected} was expected`);
}

/** How long the news of an end may come after that of the stream, in milliseconds. */
const END_NEWS_MS = 1_000;

async function ended(child: Child): Promise<string | undefined> {
  const none = Promise.withResolvers<void>();
  const timer = setTimeout(none.resolve, END_NEWS_MS);
  const exit = await Promise.race([child.ended, none.promise.then(() => undefined)]);
  clearTimeout(timer);
  return exit === undefined ? undefined : `it ended (${describeExit(exit)}) before it had; its log says why`;
}

function outcome(kind: OutcomeEvent["outcome"], reason?: string): OutcomeEvent {
  return { event: "outcome", outcome: kind, reason, phases: {} };
}
