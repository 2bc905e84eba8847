import type { Acceptor } from "./acceptor.ts";
import { Drain, type DrainedConnections } from "./drain.ts";
import type { DrainOptions } from "./service.ts";

/** What a drain works on. */
export interface HttpDrainOptions extends DrainOptions {
  readonly acceptor: Acceptor;
  readonly connections: DrainedConnections;
}

/** Stops accepting, and pauses each connection as soon as nothing is under way on it. */
export function passOn(options: HttpDrainOptions): Drain {
  options.acceptor.stop();
  return new Drain(options, {
    onIdle: (connection) => connection.pause(),
    needsNoWait: (connection) => connection.paused,
  });
}

/**
 * Says `Connection: close` in every answer *while still accepting*, so that a client that is told so finds somebody when
 * it connects anew. Stops accepting when the connections of before are gone, or the grace is over.
 */
export function lameDuck(options: HttpDrainOptions): Drain {
  const { acceptor, connections, until, graceMs } = options;
  const before = new Set(connections.values());
  for (const { answers } of before) {
    for (const answer of answers) answer.shouldKeepAlive = false;
  }
  const drain = new Drain(options, {
    onAnswer: (answer) => void (answer.shouldKeepAlive = false),
    onIdle: (connection) => connection.closeWhenIdleFor(graceMs),
    onClose: (connection) => {
      if (before.delete(connection) && before.size === 0) stopAccepting();
    },
    isAccepting: () => acceptor.listening !== undefined,
  });
  const grace = setTimeout(stopAccepting, graceMs);
  until.addEventListener("abort", stopAccepting);
  drain.report.then(() => {
    clearTimeout(grace);
    until.removeEventListener("abort", stopAccepting);
  });
  if (before.size === 0 || until.aborted) stopAccepting();
  return drain;

  function stopAccepting(): void {
    acceptor.stop();
    drain.endWhenDone();
  }
}
