import { fstatSync, statSync } from "node:fs";
import { ControlChannel } from "../control_channel.ts";
import { addressOf, formatAddress } from "../listener.ts";
import type { Os } from "../os.ts";
import type { ListenerStatus } from "../protocol/trigger.ts";
import { connectSocketFile } from "../socket_file.ts";
import { Child } from "./child.ts";
import { childEnvironment, FIRST_DESCRIPTOR, successorDescriptors } from "./child_environment.ts";
import { Daemon, type Watched } from "./supervised_daemon.ts";
import { StderrTail } from "./stderr_tail.ts";
import type { Successor } from "./swap_parties.ts";

/** What every daemon of a supervisor is started with. */
export interface LauncherSetting {
  readonly controlSocket: string;
  /** The listeners, by name. */
  readonly listeners: ReadonlyMap<string, number>;
  /** Whether the daemons know nothing of the handoff. */
  readonly cold: boolean;
  /** Where a temporary file can be made. */
  readonly folder: string;
  /** Where a successor's standard error goes until it serves. */
  stderr(bytes: Uint8Array): void;
}

/** What to start. */
export interface Launch {
  readonly command: readonly string[];
  /** What identifies its build, where that is named. */
  readonly buildId?: string | undefined;
  readonly env: Readonly<Record<string, string>>;
}

/** A successor, with what its supervisor keeps of it. */
export interface LaunchedSuccessor extends Successor {
  /** The last lines of its standard error. */
  stderr(): string[];
  /** The same process as the daemon that it is from Commit on. */
  asDaemon(buildId: string): Daemon;
  signal(signal: number): boolean;
  /** A session on the control socket, where it is the incumbent once it has said Ready. */
  connect(): Promise<ControlChannel>;
}

const STDERR = 2;

/** Starts daemons with the listeners, cold or as successors. */
export class Launcher {
  /** What it passes on, and where that is bound. */
  readonly listeners: readonly ListenerStatus[];
  readonly #os: Os;
  readonly #setting: LauncherSetting;

  constructor(os: Os, setting: LauncherSetting) {
    this.#os = os;
    this.#setting = setting;
    this.listeners = [...setting.listeners].map(([name, fd]) => {
      const address = addressOf(os, fd);
      return { name, address: address === undefined ? "" : formatAddress(address) };
    });
  }

  /** Starts a daemon where none serves. Throws where the program cannot be started. */
  cold(launch: Launch): Daemon {
    const child = Child.spawn(this.#os, {
      argv: launch.command,
      env: this.#environment(launch, { successor: false }),
      descriptors: this.#passedListeners(),
    });
    return this.#daemon(child, launch);
  }

  /** Starts a daemon that waits beside the one that serves. Throws where the program cannot be started. */
  successor(launch: Launch): LaunchedSuccessor {
    using resources = new DisposableStack();
    const tail = resources.use(new StderrTail(this.#setting.folder, this.#setting.stderr));
    const [ours, theirs] = this.#os.socketPair();
    const channel = resources.use(new ControlChannel(this.#os, ours));
    const { control, stderr } = successorDescriptors(this.#setting.listeners.size);
    using passed = new DisposableStack();
    passed.defer(() => this.#os.close(theirs));
    const child = Child.spawn(this.#os, {
      argv: launch.command,
      env: this.#environment(launch, { successor: true }),
      descriptors: new Map([...this.#passedListeners(), [control, theirs], [stderr, STDERR], [STDERR, tail.fd]]),
    });
    resources.move();
    child.ended.then(() => tail[Symbol.dispose]());
    return {
      pid: child.pid,
      channel,
      ended: child.ended,
      kill: () => child.kill(),
      signal: (signal) => child.signal(signal),
      connect: async () => new ControlChannel(this.#os, await connectSocketFile(this.#os, this.#setting.controlSocket)),
      stderr: () => tail.lines(),
      asDaemon: (buildId) => {
        if (!writesTo(child.pid, tail.fd)) tail[Symbol.dispose]();
        return this.#daemon(tailed(child, tail), launch, buildId);
      },
    };
  }

  #daemon(child: Watched, { command, buildId: namedBuildId }: Launch, buildId?: string): Daemon {
    const { controlSocket, cold } = this.#setting;
    const facts = { command, namedBuildId, controlSocket, cold, adopted: false, sinceMs: Date.now(), buildId };
    return new Daemon(this.#os, child, facts);
  }

  #environment({ env: configured, buildId }: Launch, { successor }: { successor: boolean }) {
    const { listeners, controlSocket } = this.#setting;
    const own = Deno.env.toObject();
    return childEnvironment({ own, configured, buildId, listeners: [...listeners.keys()], controlSocket, successor });
  }

  #passedListeners(): Map<number, number> {
    return new Map([...this.#setting.listeners.values()].map((fd, index) => [FIRST_DESCRIPTOR + index, fd]));
  }
}

/** A child whose standard error is read for as long as it is watched. */
function tailed(child: Child, tail: Disposable): Watched {
  return {
    pid: child.pid,
    ended: child.ended,
    signal: (signal) => child.signal(signal),
    [Symbol.dispose]: () => {
      child[Symbol.dispose]();
      tail[Symbol.dispose]();
    },
  };
}

/** Whether a daemon still has its successor's file as its standard error: one of another kind does not put it back. */
function writesTo(pid: number, fd: number): boolean {
  try {
    const theirs = statSync(`/proc/${pid}/fd/${STDERR}`, { bigint: true });
    const ours = fstatSync(fd, { bigint: true });
    return theirs.ino === ours.ino && theirs.dev === ours.dev;
  } catch {
    // Where it cannot be known, it is read on.
    return true;
  }
}
