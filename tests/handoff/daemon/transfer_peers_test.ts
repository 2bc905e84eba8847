import { assertEquals } from "@std/assert";
import { HeldLock } from "../../../lock/held_lock.ts";
import { acceptPermitted, bindSocketFile } from "../../../handoff/socket_file.ts";
import { TransferChannel } from "../../../handoff/transfer_channel.ts";
import { claim } from "../../support/claim.ts";
import { inTime } from "../../support/patience.ts";
import { get } from "./support/http.ts";
import { RawSuccessor } from "./support/raw_successor.ts";
import { expectType, next, TestSupervisor } from "./support/test_supervisor.ts";

/** How an incumbent answers a successor that asks for the lock; gives the test's own lock back, or not. */
type Answer = (incumbent: Incumbent) => void;

/** The transfer socket of an incumbent that has the lock and answers as a test says. */
class Incumbent implements AsyncDisposable {
  readonly supervisor = new TestSupervisor();
  lock!: HeldLock;
  channel!: TransferChannel;
  readonly #files = new DisposableStack();

  /** Sends a message of any version, with these descriptors. */
  reply(message: object, descriptors: readonly number[] = []): void {
    const body = new TextEncoder().encode(JSON.stringify({ v: 1, verb: "lock", ...message }));
    const bytes = new Uint8Array(4 + body.length);
    new DataView(bytes.buffer).setUint32(0, body.length, true);
    bytes.set(body, 4);
    this.supervisor.os.sendDescriptors(this.channel.fd, bytes, descriptors);
  }

  /** A descriptor of a file in the data directory, opened just now. */
  open(name: string): number {
    const { os, dataDir } = this.supervisor;
    const connection = os.listenUnix(`${dataDir}/${name}`, { mode: 0o600, backlog: 1 });
    this.#files.defer(() => os.close(connection));
    return connection;
  }

  /** Starts a successor, has it begin, and answers its request. */
  async meet(answer: Answer): Promise<{ pid: number; said: Promise<string> }> {
    const { supervisor } = this;
    const { os } = supervisor;
    this.lock = await HeldLock.acquire(supervisor.dataDir);
    const socket = bindSocketFile(os, `${supervisor.controlSocket}.fds`);
    this.#files.defer(() => os.close(socket));
    const { channel, pid } = await supervisor.successor();
    this.#files.use(channel);
    this.channel = this.#files.use(new TransferChannel(os, acceptPermitted(os, socket)!.fd));
    const handoffId = crypto.randomUUID();
    await channel.send({ type: "HelloAck", protoVersionChosen: 1, handoffId });
    await channel.send({ type: "Begin", handoffId });
    assertEquals((await inTime(this.channel.receiveRequest()))?.message, { verb: "lock", handoffId });
    answer(this);
    return { pid, said: next(channel).then(({ type }) => type, () => "nothing") };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#files[Symbol.dispose]();
    await this.lock?.release();
    this.supervisor[Symbol.dispose]();
  }
}

const REFUSED: Record<string, { answer: Answer; error: string }> = {
  "a descriptor of another file": {
    answer: (incumbent) => incumbent.reply({ ok: true }, [incumbent.open("other")]),
    error: "LockHeldError",
  },
  "a descriptor of the lockfile that does not hold the lock": {
    answer: (incumbent) => {
      const path = `${incumbent.supervisor.dataDir}/.handoff.lock`;
      const locked = descriptorsOf(path);
      using _unlocked = Deno.openSync(path);
      incumbent.reply({ ok: true }, [...descriptorsOf(path).difference(locked)]);
    },
    error: "LockHeldError",
  },
  "no descriptor": { answer: (incumbent) => incumbent.reply({ ok: true }), error: "LockHeldError" },
  "that it keeps it": {
    answer: (incumbent) => incumbent.reply({ ok: false, reason: "the session is over" }),
    error: "LockRefusedError",
  },
};

for (const [what, { answer, error }] of Object.entries(REFUSED)) {
  claim(`a successor that is answered ${what}, while the incumbent has the lock, ends and opens nothing`, async () => {
    await using incumbent = new Incumbent();
    const { pid, said } = await incumbent.meet(answer);
    assertEquals(await inTime(said), "nothing");
    assertEquals(await incumbent.supervisor.exit(pid), { code: 1 });
    assertEquals(incumbent.supervisor.entries.map(({ type, name }) => name ?? type), [error]);
  }, { needs: ["linux"] });
}

const FREED: Record<string, Answer> = {
  "a descriptor of another file": (incumbent) => incumbent.reply({ ok: true }, [incumbent.open("other")]),
  "by a version of the transfer protocol that it does not know": (incumbent) => incumbent.reply({ v: 2, ok: true }),
  "that the incumbent does not know what it asks for": (incumbent) => {
    incumbent.reply({ verb: "unsupported", of: "lock" });
  },
};

for (const [what, answer] of Object.entries(FREED)) {
  claim(`a successor that is answered ${what} takes the lock by itself when it is free, and serves`, async () => {
    await using incumbent = new Incumbent();
    const { pid, said } = await incumbent.meet((incumbent) => {
      incumbent.lock[Symbol.dispose]();
      answer(incumbent);
    });
    assertEquals(await inTime(said), "Ready");
    assertEquals(await get(incumbent.supervisor.url), { pid, lines: 0 });
  }, { needs: ["linux"] });
}

claim(
  "an incumbent that does not understand its successor's version frees the lock, as the plain protocol does",
  async () => {
    using supervisor = new TestSupervisor();
    const old = await supervisor.start();
    await using successor = await RawSuccessor.start(supervisor);
    const { handoff, handoffId } = successor;
    expectType(await handoff.drain(), "Drained");
    expectType(await handoff.seal(), "SealComplete");
    const { message, count } = await successor.ask({ v: 2, verb: "lock", handoffId });
    assertEquals([message, count], [{ verb: "unsupported", of: "lock" }, 0]);
    await (await HeldLock.acquire(supervisor.dataDir)).release();
    await successor.killed();
    await handoff.resume();
    await supervisor.entry("resumed", old);
  },
  { needs: ["linux"] },
);

claim("an incumbent keeps its lock until it is sealed, and after the handoff is over", async () => {
  using supervisor = new TestSupervisor();
  const old = await supervisor.start();
  await using successor = await RawSuccessor.start(supervisor);
  const { handoff, handoffId } = successor;
  expectType(await handoff.drain(), "Drained");
  const lock = { verb: "lock", handoffId };
  assertEquals((await successor.ask(lock)).message.reason, "the incumbent is not sealed for this handoff");
  expectType(await handoff.seal(), "SealComplete");
  await handoff.resume();
  await supervisor.entry("resumed", old);
  assertEquals((await successor.ask(lock)).message.reason, "the handoff is over");
}, { needs: ["linux"] });

/** The descriptors of the file at `path` that are open in this process. */
function descriptorsOf(path: string): Set<number> {
  const { ino, dev } = Deno.statSync(path);
  const found = new Set<number>();
  for (const { name } of Deno.readDirSync("/proc/self/fd")) {
    try {
      const file = Deno.statSync(`/proc/self/fd/${name}`);
      if (file.ino === ino && file.dev === dev) found.add(Number(name));
    } catch {
      // It was the descriptor of the directory itself, or of what has no path.
    }
  }
  return found;
}
