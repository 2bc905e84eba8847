import { assertEquals } from "@std/assert";
import { ControlChannel } from "../../../../handoff/control_channel.ts";
import { openOs } from "../../../../handoff/linux.ts";
import { addressOf, bindListener, formatAddress, parseAddress } from "../../../../handoff/listener.ts";
import type { Exit } from "../../../../handoff/os.ts";
import type { Message, MessageType } from "../../../../handoff/protocol/messages.ts";
import { connectSocketFile } from "../../../../handoff/socket_file.ts";
import { TransferChannel } from "../../../../handoff/transfer_channel.ts";
import { commandLine } from "../../../support/child.ts";
import { eventually, inTime } from "../../../support/patience.ts";
import { TempDir } from "../../../support/temp_dir.ts";
import type { Conduct } from "../programs/scripted_daemon.ts";

/** What a daemon wrote down. */
export interface Entry {
  readonly pid: number;
  readonly type: string;
  // deno-lint-ignore no-explicit-any -- each event has fields of its own, and the asserts look at them
  readonly [field: string]: any;
}

/**
 * A supervisor that does what a test says, message by message, with daemons that are real processes. At the end of the
 * block whatever it has started is killed.
 */
export class TestSupervisor implements Disposable {
  readonly os = openOs();
  readonly dir = new TempDir();
  readonly listener: number;
  readonly dataDir: string;
  readonly controlSocket: string;
  readonly #log: string;
  readonly #children = new Set<number>();

  constructor() {
    this.listener = bindListener(this.os, parseAddress("127.0.0.1:0"));
    this.dataDir = this.dir.join("data");
    this.#log = this.dir.join("log");
    this.controlSocket = `${this.dataDir}/.handoff.sock`;
    Deno.writeTextFileSync(this.#log, "");
  }

  /** Where the daemons serve. */
  get url(): string {
    return `http://${formatAddress(addressOf(this.os, this.listener)!)}`;
  }

  /** What the daemons have written down so far. */
  get entries(): Entry[] {
    return Deno.readTextFileSync(this.#log).split("\n").filter((line) => line !== "").map((line) => JSON.parse(line));
  }

  /** The first entry of this type, of this process if one is given, as soon as there is one. */
  async entry(type: string, pid?: number): Promise<Entry> {
    return await eventually(() => {
      const found = this.entries.find((entry) => entry.type === type && (pid === undefined || entry.pid === pid));
      if (found === undefined) throw new Error(`No ${type} of ${pid ?? "anybody"} in ${JSON.stringify(this.entries)}`);
      return found;
    });
  }

  /** Starts a daemon that serves by itself; resolves when it does. */
  async start(conduct: Partial<Conduct> = {}): Promise<number> {
    const pid = this.spawn(conduct, {
      env: { LISTEN_FDS: "1", LISTEN_FDNAMES: "http", HANDOFF_CONTROL_SOCKET: this.controlSocket },
      descriptors: [this.listener],
    });
    await this.entry("serving", pid);
    return pid;
  }

  /** Starts a daemon with these descriptors from 3 on. */
  spawn(
    conduct: Partial<Conduct>,
    { env, descriptors, stderr, limit }: {
      readonly env: Record<string, string>;
      readonly descriptors: readonly number[];
      readonly stderr?: number;
      readonly limit?: number;
    },
  ): number {
    const pid = this.os.spawn({
      argv: commandLine("../handoff/daemon/programs/scripted_daemon.ts", {
        args: [this.dataDir, JSON.stringify({ log: this.#log, ...conduct })],
        prefix: limit === undefined ? [] : ["/bin/sh", "-c", `ulimit -n ${limit}; exec "$@"`, "sh"],
      }),
      env: { ...Deno.env.toObject(), ...env },
      descriptors: new Map([
        ...descriptors.map((fd, index) => [3 + index, fd] as const),
        ...stderr === undefined ? [] : [[2, stderr] as const],
      ]),
    });
    this.#children.add(pid);
    return pid;
  }

  /**
   * Starts a successor; resolves after its Hello. `limit` is how many descriptors it may have open, `stderr` what it has as
   * its standard error until it serves, and then.
   */
  async successor(
    conduct: Partial<Conduct> = {},
    limit?: number,
    stderr?: { readonly first: number; readonly then: number },
  ): Promise<{ channel: ControlChannel; pid: number }> {
    const [own, its] = this.os.socketPair();
    const pid = this.spawn(conduct, {
      env: {
        LISTEN_FDS: "1",
        LISTEN_FDNAMES: "http",
        HANDOFF_ROLE: "successor",
        HANDOFF_SOCK_FD: "4",
        HANDOFF_CONTROL_SOCKET: this.controlSocket,
        ...stderr && { HANDOFF_STDERR_FD: "5" },
      },
      descriptors: [this.listener, its, ...stderr ? [stderr.then] : []],
      stderr: stderr?.first,
      limit,
    });
    this.os.close(its);
    const channel = new ControlChannel(this.os, own);
    const hello = await inTime(channel.receive());
    assertEquals(hello?.type === "Hello" && [hello.role, hello.pid], ["successor", pid]);
    return { channel, pid };
  }

  /** A new session with whoever is at the control path, after its Hello. */
  async session(): Promise<ControlChannel> {
    const channel = new ControlChannel(this.os, await connectSocketFile(this.os, this.controlSocket));
    const hello = await inTime(channel.receive());
    assertEquals(hello?.type === "Hello" && hello.role, "incumbent");
    return channel;
  }

  /**
   * Begins a handoff: a successor that waits, and an incumbent that knows which handoff it is. A plain one is told of
   * another successor than the one that it may know by the transfer socket.
   */
  async handoff(
    { plain = false, limit, ...conduct }: Partial<Conduct> & { plain?: boolean; limit?: number } = {},
  ): Promise<Handoff> {
    return await Handoff.begin(this, { plain, limit, conduct });
  }

  /** A connection to the transfer socket of whoever serves. */
  async transfer(): Promise<TransferChannel> {
    return new TransferChannel(this.os, await connectSocketFile(this.os, `${this.controlSocket}.fds`));
  }

  /** Says that this handoff is forced. */
  async force(handoffId: string): Promise<void> {
    using channel = await this.transfer();
    await channel.send({ verb: "force", handoffId });
    assertEquals((await inTime(channel.receiveReply()))?.message, { verb: "force", ok: true });
  }

  /** How a child ended, when it has. */
  async exit(pid: number): Promise<Exit> {
    return await eventually(() => {
      const exit = this.os.reap(pid);
      if (exit === undefined) throw new Error(`Process ${pid} still runs`);
      this.#children.delete(pid);
      return exit;
    });
  }

  async killed(pid: number): Promise<void> {
    this.os.kill(pid, 9);
    await this.exit(pid);
  }

  [Symbol.dispose](): void {
    for (const pid of this.#children) this.os.kill(pid, 9);
    for (const pid of this.#children) {
      while (this.os.reap(pid) === undefined) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1);
    }
    this.os.close(this.listener);
    this.os[Symbol.dispose]();
    this.dir[Symbol.dispose]();
  }
}

/** One handoff, whose steps a test takes. */
export class Handoff implements Disposable {
  readonly handoffId: string = crypto.randomUUID();
  readonly #supervisor: TestSupervisor;
  readonly #told: number;
  readonly incumbent: ControlChannel;
  readonly successor: ControlChannel;
  readonly successorPid: number;

  private constructor(
    supervisor: TestSupervisor,
    parts: { incumbent: ControlChannel; successor: ControlChannel; successorPid: number; told: number },
  ) {
    this.#supervisor = supervisor;
    this.incumbent = parts.incumbent;
    this.successor = parts.successor;
    this.successorPid = parts.successorPid;
    this.#told = parts.told;
  }

  static async begin(
    supervisor: TestSupervisor,
    { plain, limit, conduct }: {
      readonly plain: boolean;
      readonly limit?: number;
      readonly conduct: Partial<Conduct>;
    },
  ): Promise<Handoff> {
    const { channel: successor, pid: successorPid } = await supervisor.successor(conduct, limit);
    const incumbent = await supervisor.session();
    const handoff = new Handoff(supervisor, {
      incumbent,
      successor,
      successorPid,
      told: plain ? Deno.pid : successorPid,
    });
    for (const channel of [incumbent, successor]) {
      await channel.send({ type: "HelloAck", protoVersionChosen: 1, handoffId: handoff.handoffId });
    }
    return handoff;
  }

  /** A handoff to a process that is no daemon: only the incumbent takes part in the control protocol. */
  static async to(supervisor: TestSupervisor, successorPid: number): Promise<Handoff> {
    const [own, its] = supervisor.os.socketPair();
    supervisor.os.close(its);
    const successor = new ControlChannel(supervisor.os, own);
    const incumbent = await supervisor.session();
    const handoff = new Handoff(supervisor, { incumbent, successor, successorPid, told: successorPid });
    await incumbent.send({ type: "HelloAck", protoVersionChosen: 1, handoffId: handoff.handoffId });
    return handoff;
  }

  /** Has the incumbent drain. */
  async drain({ deadlineMs = 60_000n, drainGraceMs = 30_000n } = {}): Promise<Message> {
    const { handoffId } = this;
    const successorPid = this.#told;
    await this.incumbent.send({ type: "PrepareHandoff", handoffId, successorPid, deadlineMs, drainGraceMs });
    return await next(this.incumbent);
  }

  /** Has the incumbent seal. */
  async seal(): Promise<Message> {
    await this.incumbent.send({ type: "SealRequest", handoffId: this.handoffId });
    return await next(this.incumbent);
  }

  /** Has the successor begin; resolves to what it says. */
  async begin(): Promise<Message> {
    await this.sendBegin();
    return await next(this.successor);
  }

  async sendBegin(): Promise<void> {
    await this.successor.send({ type: "Begin", handoffId: this.handoffId });
  }

  async commit(): Promise<void> {
    await this.incumbent.send({ type: "Commit", handoffId: this.handoffId });
  }

  /** Ends the successor, and tells the incumbent. */
  async abort(): Promise<void> {
    await this.#supervisor.killed(this.successorPid);
    await this.resume();
  }

  /** Tells the incumbent that the successor is gone. */
  async resume(): Promise<void> {
    await this.incumbent.send({ type: "ResumeAfterAbort", handoffId: this.handoffId });
  }

  /** All up to Ready, which it returns. */
  async untilReady(): Promise<Extract<Message, { type: "Ready" }>> {
    expectType(await this.drain(), "Drained");
    expectType(await this.seal(), "SealComplete");
    return expectType(await this.begin(), "Ready");
  }

  /** The supervisor dies: its connections end. */
  [Symbol.dispose](): void {
    this.incumbent[Symbol.dispose]();
    this.successor[Symbol.dispose]();
  }
}

/** The next message that is no heartbeat. */
export async function next(channel: ControlChannel): Promise<Message> {
  while (true) {
    const message = await inTime(channel.receive());
    if (message === undefined) throw new Error("The stream ended");
    if (message.type !== "Heartbeat") return message;
  }
}

/** The message, if it is of this type. */
export function expectType<Type extends MessageType>(message: Message, type: Type): Extract<Message, { type: Type }> {
  if (message.type === type) return message as Extract<Message, { type: Type }>;
  throw new Error(
    `Not ${type}: ${JSON.stringify(message, (_, value) => typeof value === "bigint" ? `${value}` : value)}`,
  );
}
