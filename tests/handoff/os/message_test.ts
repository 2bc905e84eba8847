import { assertEquals, assertThrows } from "@std/assert";
import { SyscallError } from "../../../ffi/errors.ts";
import { Child } from "../../support/child.ts";
import { claim } from "../../support/claim.ts";
import { bytesOf, OpenedOs } from "./linux.ts";
import { flagsOf, openFile } from "./open_files.ts";

const LINUX = { needs: ["linux"] } as const;
const O_CLOEXEC = 0o2000000;

claim("bytes arrive, then nothing is there, and after the sender has closed the end is", async () => {
  using opened = new OpenedOs();
  const { os } = opened;
  const [a, b] = opened.pair();
  const buffer = new Uint8Array(8);
  assertEquals([os.send(a, bytesOf("hello")), os.receive(b, buffer)], [5, 5]);
  assertEquals(new TextDecoder().decode(buffer.subarray(0, 5)), "hello");
  assertEquals(os.receive(b, buffer), undefined);
  opened.close(a);
  // A child that is started by another test has a copy of each descriptor until its exec.
  await os.readable(b);
  assertEquals(os.receive(b, buffer), 0);
}, LINUX);

claim("send takes what fits and then 0, until the other side has read", async () => {
  using opened = new OpenedOs();
  const { os } = opened;
  const [a, b] = opened.pair();
  const block = new Uint8Array(65_536);
  let taken = 0;
  for (let count = os.send(a, block); count > 0; count = os.send(a, block)) taken += count;
  assertEquals(taken > 0, true);
  assertEquals(await os.writable(a, { timeout: 0 }), false);
  for (let left = taken; left > 0;) left -= os.receive(b, block) ?? 0;
  assertEquals(await os.writable(a), true);
}, LINUX);

claim("send to a socket whose other end is closed is EPIPE", async () => {
  using opened = new OpenedOs();
  const [a, b] = opened.pair();
  opened.close(b);
  await opened.os.readable(a);
  assertEquals(assertThrows(() => opened.os.send(a, bytesOf("x")), SyscallError).code, "EPIPE");
  assertEquals(assertThrows(() => opened.os.sendDescriptors(a, bytesOf("x"), [0]), SyscallError).code, "EPIPE");
}, LINUX);

for (const count of [0, 1, 3, 253]) {
  claim(`${count} descriptors arrive with their bytes, in order, close-on-exec, as the same open files`, () => {
    using opened = new OpenedOs();
    const { os } = opened;
    const [a, b] = opened.pair();
    const sent = Array.from({ length: count }, (_, i) => opened.own(os.duplicate(i % 2 === 0 ? a : b)));
    const files = sent.map((fd) => openFile(fd));
    assertEquals(os.sendDescriptors(a, bytesOf("carried"), sent), 7);
    const buffer = new Uint8Array(16);
    const received = os.receiveDescriptors(b, buffer);
    received?.descriptors.forEach((fd) => opened.own(fd));
    assertEquals([received?.bytes, received?.truncated], [7, false]);
    assertEquals(new TextDecoder().decode(buffer.subarray(0, 7)), "carried");
    assertEquals(received?.descriptors.map((fd) => openFile(fd)), files);
    for (const fd of received?.descriptors ?? []) assertEquals(flagsOf(fd) & O_CLOEXEC, O_CLOEXEC);
  }, LINUX);
}

claim("254 descriptors, and descriptors without a byte to carry them, are refused before anything is sent", () => {
  using opened = new OpenedOs();
  const { os } = opened;
  const [a, b] = opened.pair();
  assertThrows(() => os.sendDescriptors(a, bytesOf("x"), new Array(254).fill(0)), RangeError, "at most 253");
  assertThrows(() => os.sendDescriptors(a, new Uint8Array(), [0]), RangeError, "a byte");
  assertEquals(os.receiveDescriptors(b, new Uint8Array(1)), undefined);
}, LINUX);

claim("a message is received at any place of a larger buffer, however small the buffer", () => {
  using opened = new OpenedOs();
  const { os } = opened;
  const [a, b] = opened.pair();
  os.sendDescriptors(a, bytesOf("ab"), []);
  const small = new Uint8Array(3);
  os.receiveDescriptors(b, small.subarray(1));
  assertEquals([...small], [0, 97, 98]);
}, LINUX);

claim(
  "of a message that meets the limit of open descriptors, those that arrived are told, and that some were lost",
  async () => {
    await using receiver = new Child("../handoff/os/programs/few_descriptors.ts", {
      prefix: ["sh", "-c", 'ulimit -n 100; exec "$0" "$@"'],
    });
    const { sent, open, told, truncated } = await receiver.next();
    assertEquals(truncated, true);
    assertEquals(told, open);
    assertEquals(told.length > 0 && told.length < sent, true);
  },
  LINUX,
);
