import { ControlChannel } from "../control_channel.ts";
import type { Exit, Os } from "../os.ts";
import type { Hello } from "../protocol/messages.ts";
import { connectSocketFile } from "../socket_file.ts";
import { HELLO_MS } from "../timeouts.ts";
import { TransferChannel } from "../transfer_channel.ts";
import { settled } from "./hear.ts";
import type { Incumbent } from "./swap_parties.ts";

/** A process that a supervisor watches: a child, or one that it found. */
export interface Watched extends Disposable {
  readonly pid: number;
  /** How it ended, where that can be known. Never rejects. */
  readonly ended: Promise<Exit | undefined>;
  signal(signal: number): boolean;
}

/** What is known of a daemon from the start. */
export interface DaemonFacts {
  readonly command: readonly string[];
  /** The build id that it was started with. */
  readonly namedBuildId?: string | undefined;
  readonly controlSocket: string;
  /** Whether it was found running. */
  readonly adopted: boolean;
  readonly sinceMs: number;
  /** Whether it knows nothing of the handoff: it counts as serving when it has run for a second. */
  readonly cold?: boolean;
}

/** After so long a daemon that says no Hello counts as serving, in milliseconds. */
const COLD_SERVES_MS = 1_000;
/** The first pause between two looks for a daemon's Hello, in milliseconds; it doubles up to the longest. */
const FIRST_LOOK_MS = 10;
const LONGEST_LOOK_MS = 1_000;

/** A daemon, as its supervisor sees it. */
export class Daemon implements Incumbent {
  readonly command: readonly string[];
  readonly namedBuildId: string | undefined;
  readonly adopted: boolean;
  readonly sinceMs: number;
  readonly ended: Promise<Exit | undefined>;
  /** Whether it came to serve: false when it ended before. */
  readonly serves: Promise<boolean>;
  /** Whether another process than the one that was started says Hello: a wrapper's child. */
  wrapped?: { readonly pid: number };
  /** What it says of its build; empty until it has said Hello. */
  buildId = "";
  readonly #os: Os;
  readonly #process: Watched;
  readonly #controlSocket: string;
  #gone = false;
  #serving = false;

  /** A daemon that is starting; `hello` is of one that serves already. */
  constructor(os: Os, process: Watched, facts: DaemonFacts & { readonly buildId?: string | undefined }) {
    this.#os = os;
    this.#process = process;
    this.#controlSocket = facts.controlSocket;
    this.command = facts.command;
    this.namedBuildId = facts.namedBuildId;
    this.adopted = facts.adopted;
    this.sinceMs = facts.sinceMs;
    this.ended = process.ended;
    this.ended.then(() => this.#gone = true);
    if (facts.buildId !== undefined) this.buildId = facts.buildId;
    if (facts.buildId !== undefined) this.serves = Promise.resolve(true);
    else if (facts.cold) this.serves = settled(this.ended, COLD_SERVES_MS).then((ended) => !ended);
    else this.serves = this.#saysHello();
    this.serves.then((serves) => this.#serving = serves);
  }

  get pid(): number {
    return this.#process.pid;
  }

  /** Whether it has ended. */
  get gone(): boolean {
    return this.#gone;
  }

  /** Whether it has come to serve. */
  get serving(): boolean {
    return this.#serving && !this.#gone;
  }

  /** Sends a signal, by number; false when it has ended. */
  signal(signal: number): boolean {
    return !this.#gone && this.#process.signal(signal);
  }

  /** Watches no longer: it is another supervisor's. */
  leave(): void {
    this.#process[Symbol.dispose]();
  }

  /** A new session on its control socket. */
  async connect(): Promise<ControlChannel> {
    return new ControlChannel(this.#os, await connectSocketFile(this.#os, this.#controlSocket));
  }

  /**
   * Tells it, before the handoff begins, that handlers which do not settle must not fail its drain. False where it cannot
   * be told: it is of another kind, or version.
   */
  async force(handoffId: string): Promise<boolean> {
    try {
      const fd = await connectSocketFile(this.#os, `${this.#controlSocket}.fds`);
      using transfer = new TransferChannel(this.#os, fd);
      await transfer.send({ verb: "force", handoffId });
      const reply = await transfer.receiveReply({ timeout: HELLO_MS });
      reply?.descriptors[Symbol.dispose]();
      return reply?.message.verb === "force";
    } catch {
      return false;
    }
  }

  /** It serves when its control socket says Hello. */
  async #saysHello(): Promise<boolean> {
    for (let pause = FIRST_LOOK_MS; !this.#gone; pause = Math.min(2 * pause, LONGEST_LOOK_MS)) {
      const hello = await this.#look();
      if (hello !== undefined && this.#isOurs(hello.pid)) {
        this.buildId = new TextDecoder().decode(hello.buildId);
        if (hello.pid !== this.pid) this.wrapped = { pid: hello.pid };
        return true;
      }
      await settled(this.ended, pause);
    }
    return false;
  }

  async #look(): Promise<Hello | undefined> {
    try {
      using channel = await this.connect();
      const message = await channel.receive({ timeout: HELLO_MS });
      return message?.type === "Hello" ? message : undefined;
    } catch {
      // It is not there yet; or another daemon's session is under way.
      return undefined;
    }
  }

  #isOurs(pid: number): boolean {
    for (let at: number | undefined = pid; at !== undefined && at > 1; at = parentOf(at)) {
      if (at === this.pid) return true;
    }
    return false;
  }
}

function parentOf(pid: number): number | undefined {
  try {
    const stat = Deno.readTextFileSync(`/proc/${pid}/stat`);
    return Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[1]);
  } catch {
    return undefined;
  }
}
