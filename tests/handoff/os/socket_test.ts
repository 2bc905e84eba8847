import { assertEquals, assertMatch, assertThrows } from "@std/assert";
import { SyscallError } from "../../../ffi/errors.ts";
import { openSymbols } from "../../../ffi/libc.ts";
import { SOCKET_CALLS } from "../../../ffi/socket.ts";
import { unixAddress } from "../../../ffi/socket_address.ts";
import { claim } from "../../support/claim.ts";
import { assertLeavesNoDescriptor } from "../../support/descriptor_leaks.ts";
import { rawDescriptorOf } from "../../support/raw_descriptor.ts";
import { TempDir } from "../../support/temp_dir.ts";
import { bytesOf, OpenedOs, textFrom } from "./linux.ts";
import { flagsOf } from "./open_files.ts";

const LINUX = { needs: ["linux"] } as const;
const AF_UNIX = 1;
const SOCK_DGRAM = 2;
/** A number beyond all limits: one that was closed may be open again, by another test. */
const NEVER_OPEN = 2_000_000_000;
const O_NONBLOCK = 0o4000;
const O_CLOEXEC = 0o2000000;

for (const host of ["127.0.0.1", "::1"]) {
  claim(`listenTcp on ${host} listens where socketName says, and a client reaches it`, async () => {
    using opened = new OpenedOs();
    const { os } = opened;
    const listener = opened.own(os.listenTcp({ host, port: 0 }, 8));
    const name = os.socketName(listener);
    if (name === undefined || name.family === "unix") throw new Error("not an internet socket");
    assertEquals([name.family, name.host], [host === "::1" ? "inet6" : "inet", host]);
    using client = await Deno.connect({ hostname: host, port: name.port });
    assertEquals(await os.readable(listener), true);
    const connection = opened.own(os.accept(listener) ?? -1);
    os.send(connection, bytesOf("hello"));
    opened.close(connection);
    assertEquals(await new Response(client.readable).text(), "hello");
  }, LINUX);
}

for (const [v6Only, reached] of [[false, true], [true, false]] as const) {
  claim(`listenTcp on :: is ${reached ? "" : "not "}reached by IPv4 where v6Only is ${v6Only}`, async () => {
    using opened = new OpenedOs();
    const listener = opened.own(opened.os.listenTcp({ host: "::", port: 0, v6Only }, 8));
    const name = opened.os.socketName(listener);
    const port = name?.family === "inet6" ? name.port : 0;
    const connected = await Deno.connect({ hostname: "127.0.0.1", port }).then((c) => c.close(), () => "refused");
    assertEquals(connected === undefined, reached);
  }, LINUX);
}

claim("listenTcp on an address in use fails with EADDRINUSE, names it, and leaves nothing open", async () => {
  using opened = new OpenedOs();
  const { os } = opened;
  const listener = opened.own(os.listenTcp({ host: "127.0.0.1", port: 0 }, 8));
  const name = os.socketName(listener);
  const port = name?.family === "inet" ? name.port : 0;
  await assertLeavesNoDescriptor(() => {
    const error = assertThrows(() => os.listenTcp({ host: "127.0.0.1", port }, 8), SyscallError);
    assertEquals(error.code, "EADDRINUSE");
    assertMatch(error.message, new RegExp(`^Cannot listen on 127\\.0\\.0\\.1:${port}: `));
  });
}, LINUX);

for (const host of ["localhost", "1.2.3", "1.2.3.256", "", "::1%lo", "[::1]", "fe80::g", ":::"]) {
  claim(`listenTcp refuses ${JSON.stringify(host)}, which is no IP address in digits`, () => {
    using opened = new OpenedOs();
    assertThrows(() => opened.os.listenTcp({ host, port: 0 }, 8), TypeError, JSON.stringify(host));
  }, LINUX);
}

claim("every socket that is made or accepted is close-on-exec and non-blocking", async () => {
  using dir = new TempDir();
  using opened = new OpenedOs();
  const { os } = opened;
  const listener = opened.own(os.listenUnix(dir.join("s"), { mode: 0o600, backlog: 8 }));
  const tcp = opened.own(os.listenTcp({ host: "127.0.0.1", port: 0 }, 8));
  const client = opened.own(os.connectUnix(dir.join("s")));
  await os.readable(listener);
  const accepted = opened.own(os.accept(listener) ?? -1);
  for (const fd of [listener, tcp, client, accepted, ...opened.pair()]) {
    assertEquals(flagsOf(fd) & (O_NONBLOCK | O_CLOEXEC), O_NONBLOCK | O_CLOEXEC);
  }
}, LINUX);

claim("listenUnix makes a socket of the mode that is asked for, and connectUnix reaches it", async () => {
  using dir = new TempDir();
  using opened = new OpenedOs();
  const { os } = opened;
  const path = dir.join("s");
  const listener = opened.own(os.listenUnix(path, { mode: 0o600, backlog: 8 }));
  assertEquals((Deno.statSync(path).mode ?? 0) & 0o777, 0o600);
  assertEquals(os.socketName(listener), { family: "unix", path });
  const client = opened.own(os.connectUnix(path));
  assertEquals(os.peer(client), { pid: Deno.pid, uid: os.uid });
  await os.readable(listener);
  const connection = opened.own(os.accept(listener) ?? -1);
  os.send(client, bytesOf("over Unix"));
  opened.close(client);
  assertEquals(await textFrom(os, connection), "over Unix");
}, LINUX);

claim("connectUnix does not wait for a full backlog, but fails with EWOULDBLOCK", () => {
  using dir = new TempDir();
  using opened = new OpenedOs();
  const { os } = opened;
  opened.own(os.listenUnix(dir.join("s"), { mode: 0o600, backlog: 0 }));
  const error = assertThrows(() => {
    for (let i = 0; i < 8; i++) opened.own(os.connectUnix(dir.join("s")));
  }, SyscallError);
  assertEquals(error.code, "EWOULDBLOCK");
}, LINUX);

claim("a path of 107 bytes is bound, and one of 108 is refused with ENAMETOOLONG", () => {
  using dir = new TempDir();
  using opened = new OpenedOs();
  const path = dir.join("x".repeat(106 - dir.path.length));
  opened.own(opened.os.listenUnix(path, { mode: 0o600, backlog: 1 }));
  const error = assertThrows(() => opened.os.listenUnix(`${path}x`, { mode: 0o600, backlog: 1 }), SyscallError);
  assertEquals([path.length, error.code, error.path], [107, "ENAMETOOLONG", `${path}x`]);
}, LINUX);

claim("accept is undefined when nobody is waiting", () => {
  using opened = new OpenedOs();
  const listener = opened.own(opened.os.listenTcp({ host: "127.0.0.1", port: 0 }, 8));
  assertEquals(opened.os.accept(listener), undefined);
}, LINUX);

claim("isListening holds for a listener alone: not for a connection, a socket of its own, or a file", () => {
  using opened = new OpenedOs();
  const { os } = opened;
  const listener = opened.own(os.listenTcp({ host: "127.0.0.1", port: 0 }, 8));
  const [connection] = opened.pair();
  const plain = opened.own(rawDescriptorOf("/dev/null"));
  assertEquals([listener, connection, plain].map((fd) => os.isListening(fd)), [true, false, false]);
  assertEquals([os.socketName(connection), os.socketName(plain)], [{ family: "unix", path: "" }, undefined]);
}, LINUX);

claim("isListening and socketName of a number that is not open fail with EBADF", () => {
  using opened = new OpenedOs();
  assertEquals(assertThrows(() => opened.os.isListening(NEVER_OPEN), SyscallError).code, "EBADF");
  assertEquals(assertThrows(() => opened.os.socketName(NEVER_OPEN), SyscallError).code, "EBADF");
}, LINUX);

claim(
  "SO_RCVTIMEO ends a blocking accept, so that a listener that was made blocking stalls no process for long",
  () => {
    using opened = new OpenedOs();
    const { os } = opened;
    const listener = opened.own(os.listenTcp({ host: "127.0.0.1", port: 0 }, 8));
    os.setNonBlocking(listener, false);
    os.setReceiveTimeout(listener, 1);
    assertEquals(os.accept(listener), undefined);
  },
  LINUX,
);

for (const name of ["in the file system", "abstract"]) {
  claim(`sendDatagram reaches a socket whose name is ${name}`, () => {
    using dir = new TempDir();
    using opened = new OpenedOs();
    const path = name === "abstract" ? `@${dir.path}` : dir.join("notify");
    using calls = openSymbols({ ...SOCKET_CALLS });
    const receiver = opened.own(calls.socket(AF_UNIX, SOCK_DGRAM, 0));
    const address = unixAddress(path, "bind");
    assertEquals(calls.bind(receiver, address, address.length), 0);
    assertMatch(Deno.readTextFileSync("/proc/net/unix"), new RegExp(` ${path}\n`));
    opened.os.sendDatagram(path, bytesOf("READY=1"));
    const buffer = new Uint8Array(16);
    assertEquals(opened.os.receive(receiver, buffer), 7);
    assertEquals(new TextDecoder().decode(buffer.subarray(0, 7)), "READY=1");
  }, LINUX);
}

claim("sendDatagram names the path where nobody listens", () => {
  using dir = new TempDir();
  using opened = new OpenedOs();
  const error = assertThrows(() => opened.os.sendDatagram(dir.join("none"), bytesOf("READY=1")), SyscallError);
  assertEquals([error.code, error.path], ["ENOENT", dir.join("none")]);
}, LINUX);
