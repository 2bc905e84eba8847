import { LockHeldError } from "../../lock/errors.ts";
import { inspectSync } from "../../lock/inspect.ts";
import { ControlChannel } from "../control_channel.ts";
import { type Address, addressOf, bindListener, formatAddress, isBoundAs } from "../listener.ts";
import type { Exit, Os } from "../os.ts";
import type { Hello } from "../protocol/messages.ts";
import { connectSocketFile, SocketFileError } from "../socket_file.ts";
import { ADOPT_MS } from "../timeouts.ts";
import { TransferChannel } from "../transfer_channel.ts";
import type { ListenerConfig, SupervisorConfig } from "./config.ts";
import { ConfigError } from "./config_error.ts";
import { Daemon, type Watched } from "./supervised_daemon.ts";
import { settled } from "./hear.ts";
import type { SupervisorState } from "./succession.ts";

/** A daemon that serves without a supervisor, as its new one has it, until it is disposed of. */
export interface Adopted extends Disposable {
  readonly daemon: Daemon;
  /** Copies of its listeners, by name; undefined where it cannot give them away. */
  readonly listeners?: ReadonlyMap<string, number> | undefined;
}

/** How often a daemon is looked for that holds its directory and does not answer, in milliseconds. */
const POLL_MS = 50;
/** How long the last word of a daemon that has ended may take, in milliseconds. */
const LAST_WORD_MS = 200;

/**
 * Makes the daemon that holds the directory this supervisor's: finds it by its control socket, and has it pass its
 * listeners and tell of its end, over its transfer socket. One that does not answer, or is of another user or another
 * pid namespace, rejects with `LockHeldError`: it is left alone. `known` is what the supervisor before says of it.
 */
export async function adopt(os: Os, config: SupervisorConfig, known?: SupervisorState): Promise<Adopted> {
  const { dataDir, paths, command } = config;
  using resources = new DisposableStack();
  const hello = await findDaemon(os, dataDir, paths.controlSocket);
  const pidfd = hello === undefined ? undefined : os.pidfd(hello.pid);
  if (hello === undefined || pidfd === undefined) {
    throw new LockHeldError({ dataDir, holder: inspectSync(dataDir).holder, waitedMs: 0 }, "supervise");
  }
  resources.defer(() => os.close(pidfd));
  const transfer = await openTransfer(os, paths.controlSocket);
  if (transfer !== undefined) resources.use(transfer);
  const listeners = transfer === undefined ? undefined : await listenersFrom(transfer);
  for (const fd of listeners?.values() ?? []) resources.defer(() => os.close(fd));
  const process = resources.use(new AdoptedProcess(os, { pid: hello.pid, pidfd, transfer }));
  const daemon = new Daemon(os, process, {
    command: known?.restarts.command ?? command,
    controlSocket: paths.controlSocket,
    adopted: true,
    sinceMs: known?.daemonSinceMs ?? Date.now(),
    buildId: new TextDecoder().decode(hello.buildId),
  });
  const all = resources.move();
  return { daemon, listeners, [Symbol.dispose]: () => all.dispose() };
}

/**
 * The listeners that the next successor gets, in the order of the configuration: those that the daemon has, by name, and
 * new ones for the names that it has not. Throws `ConfigError` where one is bound elsewhere than it is configured.
 */
export function reconcile(
  os: Os,
  configured: readonly ListenerConfig[],
  inherited: ReadonlyMap<string, number>,
  resources: DisposableStack,
): Map<string, number> {
  const listeners = new Map<string, number>();
  for (const { name, address } of configured) {
    const fd = inherited.get(name);
    const bound = fd === undefined ? undefined : addressOf(os, fd);
    if (bound !== undefined && !isBoundAs(bound, address)) {
      throw new ConfigError(
        `the daemon serves ${JSON.stringify(name)} at ${formatAddress(bound)}, and it is configured as ${
          formatAddress(address)
        }: a listener is moved by stopping the daemon`,
      );
    }
    listeners.set(name, fd ?? bindOwned(os, address, resources));
  }
  for (const [name, fd] of inherited) listeners.set(name, fd);
  return listeners;
}

/** Binds a listener that is closed with `resources`. */
export function bindOwned(os: Os, address: Address, resources: DisposableStack): number {
  const fd = bindListener(os, address);
  resources.defer(() => os.close(fd));
  return fd;
}

/** A path that refuses does not mean that nobody lives: while the directory is held it is looked at again. */
async function findDaemon(os: Os, dataDir: string, controlSocket: string): Promise<Hello | undefined> {
  for (const end = performance.now() + ADOPT_MS; performance.now() < end && inspectSync(dataDir).held;) {
    try {
      using channel = new ControlChannel(os, await connectSocketFile(os, controlSocket));
      const peer = os.peer(channel.fd);
      const message = await channel.receive({ timeout: Math.max(1, end - performance.now()) });
      // A pid of another namespace is another process here.
      if (message?.type !== "Hello" || peer.pid !== message.pid || peer.uid !== os.uid) return undefined;
      return message;
    } catch (error) {
      if (!(error instanceof SocketFileError)) return undefined;
      await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    }
  }
  return undefined;
}

async function openTransfer(os: Os, controlSocket: string): Promise<TransferChannel | undefined> {
  try {
    return new TransferChannel(os, await connectSocketFile(os, `${controlSocket}.fds`));
  } catch {
    // A daemon of another kind has none.
    return undefined;
  }
}

async function listenersFrom(transfer: TransferChannel): Promise<Map<string, number> | undefined> {
  await transfer.send({ verb: "listeners" });
  const reply = await transfer.receiveReply({ timeout: ADOPT_MS });
  using descriptors = reply?.descriptors;
  if (reply?.message.verb !== "listeners" || descriptors === undefined) return undefined;
  const { names } = reply.message;
  if (descriptors.length < names.length) {
    throw new ConfigError(`the daemon sent ${names.length} listeners, and ${descriptors.length} arrived`);
  }
  await transfer.send({ verb: "watch" });
  return new Map(names.map((name, index) => [name, descriptors.take(index)!]));
}

/** A daemon that is no child: its end is told by its pidfd, its exit code only by itself. */
class AdoptedProcess implements Watched, Disposable {
  readonly pid: number;
  readonly ended: Promise<Exit | undefined>;
  readonly #os: Os;
  readonly #pidfd: number;
  readonly #unwatched = new AbortController();

  constructor(os: Os, { pid, pidfd, transfer }: { pid: number; pidfd: number; transfer: TransferChannel | undefined }) {
    this.pid = pid;
    this.#os = os;
    this.#pidfd = pidfd;
    this.ended = this.#untilEnd(transfer);
  }

  signal(signal: number): boolean {
    return this.#os.killPidfd(this.#pidfd, signal);
  }

  /** Watches no longer: `ended` resolves. */
  [Symbol.dispose](): void {
    this.#unwatched.abort();
  }

  async #untilEnd(transfer?: TransferChannel): Promise<Exit | undefined> {
    const { signal } = this.#unwatched;
    const told = transfer === undefined ? Promise.resolve(undefined) : exitToldBy(transfer, signal);
    await this.#os.readable(this.#pidfd, { signal }).catch(() => {});
    let exit: Exit | undefined;
    await settled(told.then((code) => exit = code), LAST_WORD_MS);
    return exit;
  }
}

/** What a daemon says of its end, once its stream has ended. */
async function exitToldBy(transfer: TransferChannel, signal: AbortSignal): Promise<Exit | undefined> {
  let exit: Exit | undefined;
  try {
    for (let reply; (reply = await transfer.receiveReply({ signal })) !== undefined;) {
      reply.descriptors[Symbol.dispose]();
      if (reply.message.verb === "stopping") exit = { code: reply.message.code };
    }
  } catch {
    // Whatever was said until then counts.
  }
  return exit;
}
