import { assert, assertEquals, assertRejects } from "@std/assert";
import { ChannelClosedError, ChannelTimeoutError, NothingSentError } from "../../../handoff/channel_errors.ts";
import type { Os } from "../../../handoff/os.ts";
import { ProtocolError } from "../../../handoff/protocol/protocol_error.ts";
import { encodeTransfer, type TransferReply } from "../../../handoff/protocol/transfer.ts";
import { MAX_DESCRIPTORS, TransferChannel, type TransferReceived } from "../../../handoff/transfer_channel.ts";
import { Child } from "../../support/child.ts";
import { claim } from "../../support/claim.ts";
import { until } from "../../support/patience.ts";
import { TempDir } from "../../support/temp_dir.ts";
import { intercepted, openDescriptors, Pair } from "./support.ts";

const LINUX = { needs: ["linux"] } as const;

/** A channel for each end of a pair, and files to pass on. */
class Ends implements Disposable {
  readonly os: Os;
  readonly giver: TransferChannel;
  readonly taker: TransferChannel;
  readonly pair = new Pair();
  readonly #dir = new TempDir();
  readonly #files: Deno.FsFile[] = [];
  readonly #sockets: ReadonlySet<string>;

  constructor(calls: (os: Os) => Partial<Os> = () => ({}), options = {}) {
    this.os = this.pair.os;
    this.giver = new TransferChannel(intercepted(this.os, calls(this.os)), this.pair.fd, options);
    this.taker = new TransferChannel(this.os, this.os.duplicate(this.pair.peer));
    this.pair.hangUp();
    this.#sockets = new Set([this.giver.fd, this.taker.fd].map((fd) => Deno.readLinkSync(`/proc/self/fd/${fd}`)));
  }

  /** The open descriptors that lead to these files and sockets: other tests of this process have some of their own. */
  open(): string[] {
    return openDescriptors().filter((entry) => {
      const target = entry.slice(entry.indexOf(" ") + 1);
      return this.#sockets.has(target) || target.startsWith(this.#dir.path);
    });
  }

  /** A descriptor that leads to a file of this name. */
  file(name: string): number {
    const path = this.#dir.join(name);
    this.#files.push(Deno.openSync(path, { create: true, write: true }));
    const opened = openDescriptors().find((entry) => entry.endsWith(path));
    return Number(opened?.split(" ")[0]);
  }

  /** The files that descriptors lead to. */
  names({ descriptors }: TransferReceived<unknown>): string[] {
    using taken = new DisposableStack();
    return Array.from({ length: descriptors.length }, (_, i) => {
      const fd = descriptors.take(i)!;
      taken.defer(() => this.os.close(fd));
      return Deno.readLinkSync(`/proc/self/fd/${fd}`).split("/").at(-1)!;
    });
  }

  [Symbol.dispose](): void {
    for (const file of this.#files) file.close();
    this.#dir[Symbol.dispose]();
    this.giver[Symbol.dispose]();
    this.taker[Symbol.dispose]();
    this.pair[Symbol.dispose]();
  }
}

function listeners(...names: string[]): TransferReply {
  return { verb: "listeners", names };
}

for (const [how, most] of [["whole", Infinity], ["20 bytes at a time", 20]] as const) {
  claim(`each message has its own descriptors where several wait, sent ${how}`, async () => {
    using ends = new Ends((os) => ({
      send: (fd, bytes) => os.send(fd, bytes.slice(0, most)),
      sendDescriptors: (fd, bytes, fds) => os.sendDescriptors(fd, bytes.slice(0, most), fds),
    }));
    const batches = [["a"], [], ["b", "c"], ["d"]];
    for (const batch of batches) await ends.giver.send(listeners(...batch), batch.map((name) => ends.file(name)));
    for (const batch of batches) {
      const received = await ends.taker.receiveReply();
      assertEquals([received?.message, received?.truncated], [listeners(...batch), false]);
      assertEquals(ends.names(received!), batch);
    }
  }, LINUX);
}

claim("253 descriptors go in one message, and 254 are refused with nothing sent", async () => {
  using ends = new Ends();
  const file = ends.file("a");
  const error = await assertRejects(
    () => ends.giver.send(listeners(), new Array(MAX_DESCRIPTORS + 1).fill(file)),
    NothingSentError,
    "254 descriptors are too many",
  );
  assertEquals(error.code, undefined);
  await ends.giver.send(listeners(), new Array(MAX_DESCRIPTORS).fill(file));
  using received = (await ends.taker.receiveReply())!.descriptors;
  assertEquals(received.length, 253);
}, LINUX);

claim("descriptors that are not taken are closed with the message, and a taken one is the caller's", async () => {
  using ends = new Ends();
  const file = ends.file("a");
  const before = ends.open();
  await ends.giver.send(listeners("a", "b"), [file, file]);
  let taken: number | undefined;
  {
    using descriptors = (await ends.taker.receiveReply())!.descriptors;
    taken = descriptors.take(1);
    assertEquals([descriptors.take(1), descriptors.take(2)], [undefined, undefined]);
  }
  assertEquals(ends.open().length, before.length + 1);
  ends.os.close(taken!);
  assertEquals(ends.open(), before);
}, LINUX);

const body = (json: string) => {
  const text = new TextEncoder().encode(json);
  return new Uint8Array([text.length, 0, 0, 0, ...text]);
};
const STRANGE: readonly [string, Uint8Array][] = [
  ["of an unknown verb", body('{"v":1,"verb":"teleport"}')],
  ["of another version", body('{"v":2,"verb":"listeners","names":[]}')],
];
for (const [what, bytes] of STRANGE) {
  claim(`the descriptors of a message ${what} are closed, and the next message is understood`, async () => {
    using ends = new Ends();
    const file = ends.file("a");
    const before = ends.open();
    ends.os.sendDescriptors(ends.giver.fd, new Uint8Array(bytes), [file, file]);
    const received = await ends.taker.receiveReply();
    assertEquals([received?.message.verb, received?.descriptors.length], ["unsupported", 2]);
    assertEquals(received?.descriptors.take(0), undefined);
    assertEquals(ends.open(), before);
    await ends.giver.send(listeners("a"));
    assertEquals((await ends.taker.receiveReply())?.message, listeners("a"));
  }, LINUX);
}

const BROKEN: readonly [string, Uint8Array, string][] = [
  ["that is not JSON", body("nonsense"), "codec"],
  ["that lacks a field", body('{"v":1,"verb":"listeners"}'), "codec"],
  ["of a length beyond all", new Uint8Array([0, 0, 0, 1]), "frame-too-large"],
];
for (const [what, bytes, code] of BROKEN) {
  claim(`a message ${what} closes the channel and its descriptors`, async () => {
    using ends = new Ends();
    const file = ends.file("a");
    const before = ends.open();
    ends.os.sendDescriptors(ends.giver.fd, new Uint8Array(bytes), [file]);
    const error = await assertRejects(() => ends.taker.receiveReply(), ProtocolError);
    assertEquals([error.code, ends.taker.fd], [code as typeof error.code, -1]);
    // Its own socket is closed as well.
    assertEquals(ends.open().length, before.length - 1);
  }, LINUX);
}

for (const [how, end] of [["the peer goes away", "giver"], ["the channel is disposed of", "taker"]] as const) {
  claim(`the descriptors of half a message are closed when ${how}`, async () => {
    using ends = new Ends();
    const file = ends.file("a");
    const before = ends.open();
    ends.os.sendDescriptors(ends.giver.fd, encoded(listeners("a")).slice(0, 9), [file]);
    await assertRejects(() => ends.taker.receiveReply({ timeout: 200 }), ChannelTimeoutError);
    assertEquals(ends.open().length, before.length + 1);
    ends[end][Symbol.dispose]();
    await assertRejects(() => ends.taker.receiveReply(), ChannelClosedError);
    ends.giver[Symbol.dispose]();
    // A poll that is under way holds its socket until it returns.
    await until(() => ends.open().length === before.length - 2, "the descriptors are closed");
  }, LINUX);
}

claim("descriptors in the middle of a message are closed, and so is the channel", async () => {
  using ends = new Ends();
  const file = ends.file("a");
  const before = ends.open();
  const bytes = encoded(listeners("a"));
  ends.os.sendDescriptors(ends.giver.fd, bytes.slice(0, 9), [file]);
  ends.os.sendDescriptors(ends.giver.fd, bytes.slice(9), [file]);
  const error = await assertRejects(() => ends.taker.receiveReply(), ProtocolError);
  assertEquals(error.code, "frame-malformed");
  assertEquals(ends.open().length, before.length - 1);
}, LINUX);

claim("a descriptor that is not open is a NothingSentError, and the channel can go on", async () => {
  using ends = new Ends();
  const error = await assertRejects(() => ends.giver.send(listeners("a"), [1_000_000]), NothingSentError);
  assertEquals(error.code, "EBADF");
  await ends.giver.send(listeners("b"));
  assertEquals((await ends.taker.receiveReply())?.message, listeners("b"));
}, LINUX);

claim("a peer that is gone is a NothingSentError with EPIPE, and the channel is closed", async () => {
  using ends = new Ends();
  ends.taker[Symbol.dispose]();
  // A child that is started by another test has a copy of each descriptor until its exec.
  await ends.os.readable(ends.giver.fd);
  const error = await assertRejects(() => ends.giver.send(listeners("a"), [ends.file("a")]), NothingSentError);
  assertEquals([error.code, ends.giver.fd], ["EPIPE", -1]);
}, LINUX);

claim("a peer whose buffer is full is a NothingSentError after the time-out, and the channel can go on", async () => {
  using ends = new Ends(undefined, { writeTimeout: 30 });
  const bytes = encoded(listeners("x".repeat(60_000)));
  let sent = 0;
  for (let count = 1; count > 0; sent += count) count = ends.os.send(ends.giver.fd, bytes.slice(sent % bytes.length));
  const { cause } = await assertRejects(() => ends.giver.send(listeners("a"), [ends.file("a")]), NothingSentError);
  assert(cause instanceof ChannelTimeoutError);
  assert(ends.giver.fd !== -1);
}, LINUX);

claim("a message that is cut short in the middle is not a NothingSentError", async () => {
  let calls = 0;
  using ends = new Ends((os) => ({ send: (fd, bytes) => calls++ ? 0 : os.send(fd, bytes.slice(0, 5)) }), {
    writeTimeout: 30,
  });
  await assertRejects(() => ends.giver.send(listeners("a")), ChannelTimeoutError);
  assertEquals(ends.giver.fd, -1);
}, LINUX);

claim(
  "where 64 descriptors may be open, of 200 that arrive some are lost, which is told, and all are closed",
  async () => {
    await using child = new Child("../handoff/channel/programs/few_descriptors.ts", {
      prefix: ["prlimit", "--nofile=64"],
    });
    const { arrived, truncated, left, before } = await child.next();
    assertEquals([truncated, left], [true, before]);
    assert(arrived > 0 && arrived < 64, `${arrived} arrived`);
  },
  LINUX,
);

claim("more descriptors on their way than a user may have open is a NothingSentError with ETOOMANYREFS", async () => {
  await using child = new Child("../handoff/channel/programs/too_many_on_their_way.ts", {
    prefix: ["prlimit", "--nofile=64"],
  });
  assertEquals(await child.next(), { event: "refused", error: "NothingSentError", code: "ETOOMANYREFS", open: true });
}, { needs: ["linux", "root"] });

function encoded(message: TransferReply): Uint8Array<ArrayBuffer> {
  return new Uint8Array(encodeTransfer(message));
}
