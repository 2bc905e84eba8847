import { ControlChannel } from "../control_channel.ts";
import { ACQUIRE_AFTER_BEGIN_MS } from "../timeouts.ts";
import type { Daemon } from "./daemon.ts";
import { DismissedError } from "./daemon_errors.ts";
import { IncumbentLink } from "./incumbent_link.ts";
import type { DaemonOptions } from "./options.ts";
import { rehearse } from "./rehearsal.ts";
import type { SuccessorRole } from "./role.ts";
import { type Begun, Connected } from "./successor.ts";

/** A successor that serves. */
export interface Succession {
  /** Takes over the idle connections; resolves when there are no more. */
  readonly takeConnections: () => Promise<void>;
}

/**
 * What a successor does until it serves: waits for its turn, takes the lock, opens the state, says Ready. Undefined when
 * its turn does not come. Rejects when it cannot serve: it holds nothing then, and the incumbent takes over again.
 */
export async function succeed<State extends Disposable | AsyncDisposable>(
  daemon: Daemon<State>,
  role: SuccessorRole,
  options: DaemonOptions<State>,
): Promise<Succession | undefined> {
  const { os } = daemon;
  os.raiseDescriptorLimit();
  using channel = new ControlChannel(os, role.control);
  using resources = new DisposableStack();
  // What can be done ahead of time is done before Hello: only then does the supervisor turn to the incumbent.
  await Promise.all([rehearse(daemon), channel.prepareHeartbeats().catch(() => {})]);
  // The incumbent looks who has connected when it is told to prepare.
  const link = await IncumbentLink.connect(os, daemon.controlSocket);
  if (link !== undefined) resources.use(link);
  const begun = await turn(daemon, channel);
  if (begun === undefined) return undefined;
  const { handoffId } = begun;

  const opened = await begun.underHeartbeats(() => takeOver(daemon, options, { link, handoffId }));
  try {
    if (role.stderr !== undefined) {
      os.duplicateOnto(role.stderr, 2, { closeOnExec: false });
      os.close(role.stderr);
    }
    const listeningOn = Object.values(daemon.serving.addresses());
    if (!opened.healthy) {
      await begun.announce({ ...opened, listeningOn });
      const dismissal = await begun.waitForAbort();
      // With the supervisor gone and the incumbent, too, it is this process or none.
      if (dismissal.reason !== undefined || link?.connected) {
        await daemon.giveUp();
        daemon.tell({ type: "dismissed", reason: dismissal.message });
        return undefined;
      }
    }
    daemon.bindSockets();
    await daemon.accept("successor");
    if (opened.healthy) await begun.announce({ ...opened, listeningOn });
  } catch (error) {
    await daemon.giveUp();
    throw error;
  }
  resources.move();
  return {
    takeConnections: async () => {
      using incumbent = link;
      const count = await incumbent?.takeConnections(handoffId, {
        pid: daemon.identity.pid,
        services: daemon.serving.services,
      });
      if (count !== undefined) daemon.tell({ type: "connections-adopted", count });
    },
  };
}

/** Says Hello and waits for Begin; undefined when that does not come. */
async function turn<State extends Disposable | AsyncDisposable>(
  { identity, stop: { signal }, tell }: Daemon<State>,
  channel: ControlChannel,
): Promise<Begun | undefined> {
  try {
    const handshook = await new Connected(channel).handshake(identity, { signal });
    return await handshook.waitForBegin({ signal });
  } catch (error) {
    if (error instanceof DismissedError) {
      tell({ type: "dismissed", reason: error.message });
      return undefined;
    }
    if (signal.aborted && error === signal.reason) return undefined;
    throw error;
  }
}

/** Takes the lock, opens the state, and looks whether it is what the incumbent sealed; binds what nobody handed in. */
async function takeOver<State extends Disposable | AsyncDisposable>(
  daemon: Daemon<State>,
  { healthy }: DaemonOptions<State>,
  { link, handoffId }: { readonly link?: IncumbentLink | undefined; readonly handoffId: string },
): Promise<{ readonly healthy: boolean; readonly revisions: readonly bigint[] }> {
  const sealed = await takeLock(daemon, link, handoffId);
  await daemon.open("successor");
  try {
    const revisions = await daemon.ownership.revisions();
    const isCurrent = sealed.every((revision, shard) => revisions[shard]! >= revision);
    const isHealthy = isCurrent && await healthy?.(daemon.ownership.state) !== false;
    daemon.serving.bind();
    return { healthy: isHealthy, revisions };
  } catch (error) {
    await daemon.giveUp();
    throw error;
  }
}

/** Asks the incumbent for the lock, or takes it where there is none to ask; gives what the incumbent sealed. */
async function takeLock<State extends Disposable | AsyncDisposable>(
  { ownership }: Daemon<State>,
  link: IncumbentLink | undefined,
  handoffId: string,
): Promise<readonly bigint[]> {
  const passed = await link?.lock(handoffId);
  if (passed?.descriptor !== undefined) {
    try {
      await ownership.adopt(passed.descriptor);
      return passed.revisions;
    } catch {
      // It was not the lock: then that is free, or another process has it.
    }
  }
  // A holder that was killed may still be on its way out.
  await ownership.acquire({ timeout: ACQUIRE_AFTER_BEGIN_MS });
  return passed?.revisions ?? [];
}
