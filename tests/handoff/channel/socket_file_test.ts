import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { PeerNotPermittedError } from "../../../handoff/channel_errors.ts";
import { openOs } from "../../../handoff/linux.ts";
import {
  acceptPermitted,
  bindSocketFile,
  checkPlainSocketPath,
  connectSocketFile,
  leadsTo,
  SocketFileError,
  SocketPathTooLongError,
} from "../../../handoff/socket_file.ts";
import { Child } from "../../support/child.ts";
import { claim } from "../../support/claim.ts";
import { snapshot } from "../../support/disk.ts";
import { run } from "../../support/run.ts";
import { TempDir } from "../../support/temp_dir.ts";
import { intercepted } from "./support.ts";
import { tracedProgram } from "./traced.ts";

const LINUX = { needs: ["linux"] } as const;
const ROOT = { needs: ["linux", "root"] } as const;
const NOBODY = 65534;
const PROGRAMS = "../handoff/channel/programs";

/** A directory, and the kernel; closes what it is given. */
class Room implements Disposable {
  readonly os = openOs();
  readonly dir = new TempDir();
  readonly path: string = this.dir.join("sock");
  readonly #open: number[] = [];

  own(fd: number): number {
    this.#open.push(fd);
    return fd;
  }

  bind(path = this.path): number {
    return this.own(bindSocketFile(this.os, path));
  }

  async connect(path = this.path, options = {}): Promise<number> {
    return this.own(await connectSocketFile(this.os, path, options));
  }

  [Symbol.dispose](): void {
    for (const fd of this.#open) this.os.close(fd);
    this.os[Symbol.dispose]();
    this.dir[Symbol.dispose]();
  }
}

claim("a socket file is of mode 0600, leads to its socket, and nothing is beside it", async () => {
  using room = new Room();
  const listener = room.bind();
  await room.connect();
  assertEquals(acceptPermitted(room.os, listener)?.peer, { pid: Deno.pid, uid: room.os.uid });
  assertEquals(Deno.statSync(room.path).mode! & 0o777, 0o600);
  assertEquals([leadsTo(room.os, room.path, listener), room.dir.entries()], [true, ["sock"]]);
}, LINUX);

claim("a socket has its mode before its name, and listens before it gets the name that it is known by", async () => {
  using room = new Room();
  room.bind();
  const calls = await tracedProgram(`${PROGRAMS}/replacer.ts`, [room.path, "1"], [
    ...["fchmod", "chmod", "fchmodat", "bind", "listen", "rename", "unlink"],
  ]);
  const about = calls.filter((call) => /sock\b|fchmod|listen/.test(call)).map((call) =>
    call.replace(/\(.*"(.*)\/sock/, "(sock")
  );
  assertEquals(
    about.map((call) => /^(\w+?)(at2?)?\(/.exec(call)![1]).filter((name) => name !== "unlink"),
    ["fchmod", "bind", "listen", "rename"],
  );
  assert(about[0].includes("0600"), about[0]);
  assertEquals(calls.filter((call) => call.startsWith("unlink") && call.includes('/sock"')), []);
}, { needs: ["linux", "strace"] });

claim("while a process replaces the socket file over and over, every connection is made", async () => {
  using room = new Room();
  room.bind();
  await using replacer = new Child(`${PROGRAMS}/replacer.ts`, { args: [room.path, "200"] });
  let ended = false;
  let made = 0;
  async function connectAllTheTime(): Promise<void> {
    for (; !ended; made++) room.os.close(await connectSocketFile(room.os, room.path));
  }
  const bound = replacer.next().finally(() => ended = true);
  const [{ event }] = await Promise.all([bound, connectAllTheTime()]);
  assertEquals(event, "bound");
  assert(made > 10, `only ${made} connections were made`);
}, LINUX);

claim(
  "of two processes that replace it at once, both succeed, one has it in the end, and nothing is left over",
  async () => {
    using room = new Room();
    await using first = new Child(`${PROGRAMS}/replacer.ts`, { args: [room.path, "100"] });
    await using second = new Child(`${PROGRAMS}/replacer.ts`, { args: [room.path, "100"] });
    const outcomes = await Promise.all([first.next(), second.next()]);
    assertEquals(outcomes, [{ event: "bound" }, { event: "bound" }]);
    const [one, other] = [await first.ask("whose?"), await second.ask("whose?")];
    assert(one.mine !== other.mine, "exactly one says that the path leads to its socket");
    const { pid } = room.os.peer(await room.connect());
    assertEquals(pid, one.mine ? first.pid : second.pid);
    assertEquals(room.dir.entries(), ["sock"]);
  },
  LINUX,
);

claim("a connection is tried again when the socket that refused it has been replaced meanwhile", async () => {
  using room = new Room();
  room.os.close(bindSocketFile(room.os, room.path));
  const late = intercepted(room.os, {
    connectUnix: (path) => {
      try {
        return room.os.connectUnix(path);
      } catch (error) {
        room.bind();
        throw error;
      }
    },
  });
  room.own(await connectSocketFile(late, room.path));
}, LINUX);

claim("leadsTo is false when another socket or nothing is at the path", () => {
  using room = new Room();
  const first = room.bind();
  const second = room.bind();
  assertEquals([first, second].map((fd) => leadsTo(room.os, room.path, fd)), [false, true]);
  Deno.removeSync(room.path);
  assertEquals(leadsTo(room.os, room.path, second), false);
}, LINUX);

claim("a stale socket is replaced, and so is a temporary one that a crash left", async () => {
  using room = new Room();
  for (const path of [room.path, `${room.path}.tmp`]) {
    room.os.close(room.os.listenUnix(path, { mode: 0o600, backlog: 1 }));
  }
  room.bind();
  await room.connect();
  assertEquals(room.dir.entries(), ["sock"]);
}, LINUX);

const STRANGERS: readonly [string, (path: string) => void][] = [
  ["a regular file", (path) => Deno.writeTextFileSync(path, "precious")],
  ["a directory", (path) => Deno.mkdirSync(path)],
  ["a symbolic link", (path) => Deno.symlinkSync("nowhere", path)],
  ["a special file", (path) => run("mkfifo", path)],
];
for (const [kind, make] of STRANGERS) {
  for (const suffix of ["", ".tmp"]) {
    claim(`${kind} at the path${suffix && " of the temporary name"} is refused by name, and not touched`, () => {
      using room = new Room();
      make(room.path + suffix);
      const before = snapshot(room.dir.path);
      const error = assertThrows(() => room.bind(), SocketFileError);
      assertEquals(error.message, `Cannot listen on "${room.path}${suffix}": ${kind} is in its place`);
      assertEquals(snapshot(room.dir.path), before);
    }, LINUX);
  }
}

for (const [mode, who] of [[0o777, "every user"], [0o1777, "every user"], [0o775, `the group ${NOBODY}`]] as const) {
  claim(`a directory of mode ${mode.toString(8)} is refused, since ${who} may write in it`, () => {
    using room = new Room();
    Deno.chownSync(room.dir.path, null, NOBODY);
    Deno.chmodSync(room.dir.path, mode);
    assertThrows(() => room.bind(), SocketFileError, `: ${who} may write in "${room.dir.path}"`);
    assertEquals(room.dir.entries(), []);
  }, ROOT);
}

claim("a directory that is writable for its owner's own group is taken", () => {
  using room = new Room();
  Deno.chmodSync(room.dir.path, 0o775);
  room.bind();
}, ROOT);

claim("another user's directory is refused, but by root", async () => {
  using room = new Room();
  room.bind();
  Deno.chmodSync(room.dir.path, 0o755);
  await using nobody = new Child(`${PROGRAMS}/nobody_replacer.ts`, { args: [room.path, "1"] });
  const { error, message } = await nobody.next();
  assertEquals([error, message.includes(": user 0 may write in")], ["SocketFileError", false], message);
}, ROOT);

claim("a path of more than 107 bytes is bound, connected to and recognised", async () => {
  using room = new Room();
  const path = `${room.dir.join("d".repeat(120))}/sock`;
  const listener = room.bind(path);
  await room.connect(path);
  assertEquals([acceptPermitted(room.os, listener)?.peer.pid, leadsTo(room.os, path, listener)], [Deno.pid, true]);
}, LINUX);

claim("a name that is too long by itself is told with its length", () => {
  using room = new Room();
  const error = assertThrows(() => room.bind(room.dir.join("n".repeat(120))), SocketFileError);
  assert(error.cause instanceof SocketPathTooLongError, String(error.cause));
}, LINUX);

claim("checkPlainSocketPath tells a path of 108 bytes from one of 107", () => {
  checkPlainSocketPath("/".padEnd(107, "x"));
  const error = assertThrows(() => checkPlainSocketPath("/".padEnd(106, "x") + "é"), SocketPathTooLongError);
  assertEquals([error.length, error.max], [108, 107]);
});

for (const path of ["", "a\0b", "directory/"]) {
  claim(`${JSON.stringify(path)} is refused as the path of a socket`, () => {
    using room = new Room();
    assertThrows(() => room.bind(path), SocketFileError, JSON.stringify(path));
  }, LINUX);
}

claim("connecting tells by its code that there is no socket, and that nobody listens", async () => {
  using room = new Room();
  assertEquals((await assertRejects(() => room.connect(), SocketFileError)).code, "ENOENT");
  room.os.close(bindSocketFile(room.os, room.path));
  assertEquals((await assertRejects(() => room.connect(), SocketFileError)).code, "ECONNREFUSED");
  Deno.writeTextFileSync(room.dir.join("file"), "");
  await assertRejects(() => room.connect(room.dir.join("file")), SocketFileError, "it is a regular file");
}, LINUX);

claim("connecting waits for room in a full backlog, at most for its time-out", async () => {
  using room = new Room();
  const listener = room.own(bindSocketFile(room.os, room.path, { backlog: 0 }));
  await room.connect();
  const error = await assertRejects(() => room.connect(room.path, { timeout: 1 }), SocketFileError);
  assertEquals(error.code, "EWOULDBLOCK");
  const connected = room.connect(room.path, { timeout: 600_000 });
  room.own(room.os.accept(listener)!);
  await connected;
}, LINUX);

claim("connecting to a full backlog can be aborted", async () => {
  using room = new Room();
  room.own(bindSocketFile(room.os, room.path, { backlog: 0 }));
  await room.connect();
  const signal = AbortSignal.abort();
  await assertRejects(() => room.connect(room.path, { signal }), DOMException);
}, LINUX);

claim("a peer of another user is dropped, unless it is named", async () => {
  using room = new Room();
  const listener = room.bind();
  Deno.chmodSync(room.path, 0o666);
  Deno.chmodSync(room.dir.path, 0o711);
  for (const [extraUids, served] of [[[], false], [[NOBODY], true]] as const) {
    await using nobody = new Child(`${PROGRAMS}/nobody_connector.ts`, { args: [room.path] });
    assertEquals((await nobody.next()).event, "connected");
    const accepted = acceptPermitted(room.os, listener, extraUids);
    assertEquals(accepted?.peer, served ? { pid: nobody.pid, uid: NOBODY } : undefined);
    if (accepted !== undefined) room.os.close(accepted.fd);
    assertEquals((await nobody.next()).event, "ended");
  }
}, ROOT);

claim("a socket that another user serves is refused, unless that user owns its directory or is named", async () => {
  using room = new Room();
  Deno.chmodSync(room.dir.path, 0o777);
  await using nobody = new Child(`${PROGRAMS}/nobody_server.ts`, { args: [room.path] });
  await nobody.next();
  const error = await assertRejects(() => room.connect(), PeerNotPermittedError);
  assertEquals(error.uid, NOBODY);
  await room.connect(room.path, { extraUids: [NOBODY] });
  Deno.chownSync(room.dir.path, NOBODY, null);
  await room.connect();
}, ROOT);
