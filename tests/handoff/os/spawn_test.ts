import { assertEquals, assertNotEquals, assertThrows } from "@std/assert";
import { DESCRIPTOR_CALLS } from "../../../ffi/descriptor.ts";
import { SyscallError } from "../../../ffi/errors.ts";
import { openSymbols } from "../../../ffi/libc.ts";
import { OPEN_FILES_CALLS } from "../../../ffi/open_files.ts";
import { spawn, SPAWN_CALLS, type SpawnCalls, WorkingDirectoryUnsupportedError } from "../../../ffi/spawn.ts";
import type { SpawnRequest } from "../../../handoff/os.ts";
import { commandLine } from "../../support/child.ts";
import { claim } from "../../support/claim.ts";
import { assertLeavesNoDescriptor } from "../../support/descriptor_leaks.ts";
import { TempDir } from "../../support/temp_dir.ts";
import { OpenedOs, textFrom } from "./linux.ts";
import { flagsOf, openFile, openFiles } from "./open_files.ts";

const LINUX = { needs: ["linux"] } as const;
const PATH = "/usr/bin:/bin";
const O_NONBLOCK = 0o4000;

/** `cat`, or another program that runs until its standard input ends, which it does at the end of the block. */
class Cat implements AsyncDisposable {
  readonly #opened: OpenedOs;
  readonly #input: number;
  readonly pid: number;

  constructor(
    opened: OpenedOs,
    { descriptors = new Map(), ...request }: Partial<SpawnRequest> = {},
    start = (program: SpawnRequest): number => opened.os.spawn(program),
  ) {
    this.#opened = opened;
    const [ours, its] = opened.pair();
    opened.os.setNonBlocking(its, false);
    this.#input = ours;
    this.pid = start({
      argv: ["cat"],
      env: { PATH },
      ...request,
      descriptors: new Map([[0, its], [1, its], ...descriptors]),
    });
    opened.close(its);
  }

  /** Resolves when cat runs: posix_spawn returns a little before exec has closed what it closes. */
  async running(): Promise<this> {
    const { os } = this.#opened;
    os.send(this.#input, new Uint8Array(1));
    await os.readable(this.#input);
    os.receive(this.#input, new Uint8Array(1));
    return this;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const { os } = this.#opened;
    const pidfd = this.#opened.own(os.pidfd(this.pid) ?? -1);
    this.#opened.close(this.#input);
    await os.readable(pidfd);
    os.reap(this.pid);
    this.#opened.close(pidfd);
  }
}

/** What a shell script writes to its standard output. */
async function outputOf(opened: OpenedOs, script: string, request: Partial<SpawnRequest> = {}): Promise<string> {
  const [ours, its] = opened.pair();
  const pid = opened.os.spawn({
    argv: ["sh", "-c", script],
    env: { PATH },
    ...request,
    descriptors: new Map([[1, its]]),
  });
  opened.close(its);
  const output = await textFrom(opened.os, ours);
  const pidfd = opened.own(opened.os.pidfd(pid) ?? -1);
  await opened.os.readable(pidfd);
  opened.os.reap(pid);
  return output;
}

function openSpawnCalls(): SpawnCalls & Disposable {
  return openSymbols({ ...DESCRIPTOR_CALLS, ...OPEN_FILES_CALLS, ...SPAWN_CALLS });
}

claim("a child has the standard streams, each descriptor that is named, in its place, and nothing else", async () => {
  using opened = new OpenedOs();
  const [a, b] = opened.pair();
  inheritableCopies(opened, a);
  await using child = await new Cat(opened, { descriptors: new Map([[3, a], [4, b], [9, a]]) }).running();
  assertEquals(openFiles(child.pid), [0, 1, 2, 3, 4, 9]);
  assertEquals([3, 4, 9].map((fd) => openFile(fd, child.pid)), [a, b, a].map((fd) => openFile(fd)));
}, LINUX);

claim("a child has nothing else where the C library lacks closefrom, either", async () => {
  using opened = new OpenedOs();
  using calls = openSpawnCalls();
  const [a] = opened.pair();
  inheritableCopies(opened, a);
  const without = { ...calls, posix_spawn_file_actions_addclosefrom_np: undefined };
  await using child = await new Cat(opened, { descriptors: new Map([[9, a]]) }, (program) => spawn(without, program))
    .running();
  assertEquals(openFiles(child.pid), [0, 1, 2, 9]);
}, LINUX);

/** Descriptors that exec would pass on: one among the places of a child's, one above them. */
function inheritableCopies(opened: OpenedOs, fd: number): void {
  for (const place of [opened.os.duplicate(fd), opened.os.duplicate(fd, 290)]) {
    opened.os.duplicateOnto(fd, opened.own(place), { closeOnExec: false });
  }
}

claim("descriptors that stand in each other's places change them in the child", async () => {
  using opened = new OpenedOs();
  const [a, b] = opened.pair();
  const before = [openFile(a), openFile(b)];
  await using child = await new Cat(opened, { descriptors: new Map([[a, b], [b, a]]) }).running();
  assertEquals([openFile(b, child.pid), openFile(a, child.pid)], before);
  assertEquals([openFile(a), openFile(b)], before);
}, LINUX);

claim("places whose numbers are free here, where copies would go first, are given to the child rightly", async () => {
  using opened = new OpenedOs();
  const [a, b] = opened.pair();
  const free = Array.from({ length: 6 }, () => opened.own(opened.os.duplicate(a)));
  for (const fd of free) opened.close(fd);
  // Two of them are for the child's standard streams, two for the copies of those.
  const descriptors = new Map([[free[5], a], [free[4], b]]);
  await using child = await new Cat(opened, { descriptors }).running();
  assertEquals([free[5], free[4]].map((fd) => openFile(fd, child.pid)), [openFile(a), openFile(b)]);
}, LINUX);

claim("a descriptor that keeps its number is inherited", async () => {
  using opened = new OpenedOs();
  const [a] = opened.pair();
  await using child = await new Cat(opened, { descriptors: new Map([[a, a]]) }).running();
  assertEquals(openFile(a, child.pid), openFile(a));
}, LINUX);

claim("a spawn leaves no descriptor open here, whether it succeeds or fails", async () => {
  using opened = new OpenedOs();
  const [a] = opened.pair();
  await assertLeavesNoDescriptor(async () => {
    {
      await using _child = await new Cat(opened, { descriptors: new Map([[7, a]]) }).running();
    }
    assertThrows(() => opened.os.spawn({ argv: ["/no/such"], env: {}, descriptors: new Map([[7, a]]) }), SyscallError);
    assertThrows(() => opened.os.spawn({ argv: ["cat"], env: { PATH }, descriptors: new Map([[6, a], [7, 9_999]]) }));
  });
}, LINUX);

claim("O_NONBLOCK of a listener that a child is given stays, for all who share it", async () => {
  using opened = new OpenedOs();
  const listener = opened.own(opened.os.listenTcp({ host: "127.0.0.1", port: 0 }, 8));
  await using _child = await new Cat(opened, { descriptors: new Map([[3, listener]]) }).running();
  assertEquals(flagsOf(listener) & O_NONBLOCK, O_NONBLOCK);
}, LINUX);

claim("a process that accepts on a listener goes on answering when another is started with it", async () => {
  using opened = new OpenedOs();
  const { os } = opened;
  const listener = opened.own(os.listenTcp({ host: "127.0.0.1", port: 0 }, 64));
  const name = os.socketName(listener);
  const port = name?.family === "inet" ? name.port : 0;
  await using _server = new Cat(opened, {
    argv: commandLine("../handoff/os/programs/answering.ts"),
    env: Deno.env.toObject(),
    descriptors: new Map([[3, listener]]),
  });
  assertEquals(await answer(port), "answered");
  await using _next = await new Cat(opened, { descriptors: new Map([[3, listener]]) }).running();
  for (let i = 0; i < 20; i++) assertEquals(await answer(port), "answered");
}, LINUX);

async function answer(port: number): Promise<string> {
  using connection = await Deno.connect({ hostname: "127.0.0.1", port });
  return await new Response(connection.readable).text();
}

claim("a grandchild inherits nothing of what its parent was given and marked close-on-exec", async () => {
  using opened = new OpenedOs();
  const { os } = opened;
  const [ours, its] = opened.pair();
  os.setNonBlocking(its, false);
  await using _child = new Cat(opened, {
    argv: commandLine("../handoff/os/programs/parent.ts"),
    env: Deno.env.toObject(),
    descriptors: new Map([[1, its], [3, its]]),
  });
  opened.close(its);
  assertEquals(JSON.parse(await lineFrom(opened, ours)), { event: "listed", byCommand: [0, 1, 2], bySpawn: [0, 1, 2] });
}, LINUX);

async function lineFrom({ os }: OpenedOs, fd: number): Promise<string> {
  const buffer = new Uint8Array(1_024);
  await os.readable(fd);
  return new TextDecoder().decode(buffer.subarray(0, os.receive(fd, buffer)));
}

claim("a child has every signal at its default and none blocked, though this process ignores SIGPIPE", async () => {
  using opened = new OpenedOs();
  const [ignoredHere] = signals("self");
  assertNotEquals(ignoredHere, "0000000000000000");
  await using child = await new Cat(opened).running();
  assertEquals(signals(child.pid), ["0000000000000000", "0000000000000000"]);
}, LINUX);

function signals(process: number | "self"): string[] {
  const status = Deno.readTextFileSync(`/proc/${process}/status`);
  return ["SigIgn", "SigBlk"].map((field) => new RegExp(`^${field}:\\s+(\\w+)$`, "m").exec(status)?.[1] ?? "");
}

claim("a child's environment is the one that is given, and nothing of ours", async () => {
  using opened = new OpenedOs();
  await using child = await new Cat(opened, { env: { PATH, GREETING: "grüß dich=x", EMPTY: "" } }).running();
  const environment = Deno.readTextFileSync(`/proc/${child.pid}/environ`);
  assertEquals(environment.split("\0"), [`PATH=${PATH}`, "GREETING=grüß dich=x", "EMPTY=", ""]);
}, LINUX);

claim("a program gets its arguments as they are", async () => {
  using opened = new OpenedOs();
  const argv = ["sh", "-c", 'printf "%s|" "$0" "$@"', "a b", "", "ü$x"];
  assertEquals(await outputOf(opened, "", { argv }), "a b||ü$x|");
}, LINUX);

claim("a child runs in the directory that is given, and by default in ours", async () => {
  using dir = new TempDir();
  using opened = new OpenedOs();
  await using there = await new Cat(opened, { cwd: dir.path }).running();
  await using here = await new Cat(opened).running();
  assertEquals(Deno.readLinkSync(`/proc/${there.pid}/cwd`), Deno.realPathSync(dir.path));
  assertEquals(Deno.readLinkSync(`/proc/${here.pid}/cwd`), Deno.cwd());
}, LINUX);

claim("a program is looked for in the PATH that it is given, in order, and not in ours", async () => {
  using dir = new TempDir();
  using opened = new OpenedOs();
  script(dir, "greet", "#!/bin/sh\necho hello");
  const argv = ["greet"];
  assertEquals(await outputOf(opened, "", { argv, env: { PATH: `/nowhere:${dir.path}:${PATH}` } }), "hello\n");
  const error = assertThrows(() => opened.os.spawn({ argv, env: { PATH } }), SyscallError);
  assertEquals([error.code, error.path, error.syscall], ["ENOENT", "greet", "posix_spawn"]);
}, LINUX);

claim("a program that may not be executed is EACCES, also where PATH goes on behind it", () => {
  using dir = new TempDir();
  using opened = new OpenedOs();
  Deno.writeTextFileSync(dir.join("data"), "", { mode: 0o644 });
  for (const argv of [["data"], [dir.join("data")]]) {
    const error = assertThrows(() => opened.os.spawn({ argv, env: { PATH: `${dir.path}:/bin` } }), SyscallError);
    assertEquals([error.code, error.path], ["EACCES", argv[0]]);
  }
}, LINUX);

claim("a file that is no program is ENOEXEC, and no shell is tried on it", () => {
  using dir = new TempDir();
  using opened = new OpenedOs();
  script(dir, "bare", "echo no interpreter is named here");
  const error = assertThrows(() => opened.os.spawn({ argv: [dir.join("bare")], env: {} }), SyscallError);
  assertEquals([error.code, error.path], ["ENOEXEC", dir.join("bare")]);
}, LINUX);

for (const [what, code] of [["is missing", "ENOENT"], ["is a file", "ENOTDIR"]] as const) {
  claim(`a working directory that ${what} is named in the error, and not the program`, () => {
    using dir = new TempDir();
    using opened = new OpenedOs();
    const cwd = dir.join("place");
    if (code === "ENOTDIR") Deno.writeTextFileSync(cwd, "");
    const error = assertThrows(() => opened.os.spawn({ argv: ["cat"], env: { PATH }, cwd }), SyscallError);
    assertEquals([error.code, error.path, error.syscall], [code, cwd, "chdir"]);
  }, LINUX);
}

claim("a C library that cannot start a program in a directory is an error of its own, and starts nothing", () => {
  using calls = openSpawnCalls();
  const old = { ...calls, posix_spawn_file_actions_addchdir_np: undefined, posix_spawn: () => assertNotEquals(0, 0) };
  const start = (): number => spawn(old as unknown as SpawnCalls, { argv: ["cat"], env: { PATH }, cwd: "/" });
  assertThrows(start, WorkingDirectoryUnsupportedError, 'Cannot start a program in "/"');
}, LINUX);

claim("what C would cut short or misread is refused: a NUL, a name with =, no program", () => {
  using opened = new OpenedOs();
  const { os } = opened;
  assertThrows(() => os.spawn({ argv: ["cat", "a\0b"], env: { PATH } }), TypeError, "NUL");
  assertThrows(() => os.spawn({ argv: ["cat"], env: { PATH, A: "a\0b" } }), TypeError, "NUL");
  assertThrows(() => os.spawn({ argv: ["cat"], env: { "A=B": "c" } }), TypeError, "A=B");
  assertThrows(() => os.spawn({ argv: [], env: {} }), TypeError);
}, LINUX);

function script(dir: TempDir, name: string, text: string): void {
  Deno.writeTextFileSync(dir.join(name), `${text}\n`, { mode: 0o755 });
}
