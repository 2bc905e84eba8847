import { assertEquals, assertInstanceOf, assertStringIncludes, assertThrows } from "@std/assert";
import {
  DataDirLock,
  HandoffError,
  LockHeldError,
  LockLostError,
  LockUnsupportedError,
  StaleLockBreakRefusedError,
  SyscallError,
} from "@scope/handoff";
import { errnoTable } from "../../ffi/errno.ts";
import { claim } from "../support/claim.ts";
import { ForeignHolder } from "../support/foreign_holder.ts";
import { InterceptedLibc } from "../support/intercepted_libc.ts";
import { TempDir } from "../support/temp_dir.ts";
import { Zombie } from "../support/zombie.ts";

const NEVER_DELETE = "Never delete .handoff.lock: a second writer could then start beside the first.";
const DEAD = 2147483647;

/** What the pidfile of a held lock says, who that makes the holder, and what the message tells about it. */
const CASES = [
  {
    what: "an alive holder",
    pidfile: `${Deno.ppid}\n`,
    holder: { pid: Deno.ppid, liveness: "alive", self: false },
    told: [`the pidfile names process ${Deno.ppid}, and a process ${Deno.ppid} is alive`, NEVER_DELETE],
  },
  {
    what: "this process's own number",
    pidfile: `${Deno.pid}\n`,
    holder: { pid: Deno.pid, liveness: "alive", self: false },
    told: ["which is this process's own number: a worker of this program", "container", NEVER_DELETE],
  },
  {
    what: "a dead holder",
    pidfile: `${DEAD}\n`,
    holder: { pid: DEAD, liveness: "dead", self: false },
    told: [`process ${DEAD}, which is dead`, "A child that inherited the lock", "container", NEVER_DELETE],
  },
  {
    what: "an unknown holder",
    pidfile: "",
    holder: { liveness: "unknown", self: false },
    told: ["its holder is unknown: .handoff.pidfile is malformed", NEVER_DELETE],
  },
] as const;

for (const { what, pidfile, holder, told } of CASES) {
  claim(`LockHeldError tells of ${what}, in its message and in its fields`, () => {
    using dir = new TempDir();
    using _holder = new ForeignHolder(dir.path, { pidfile: pidfile });
    const error = assertThrows(() => DataDirLock.acquireSync(dir.path), LockHeldError);
    assertEquals(error.message.startsWith(`Cannot lock "${dir.path}": `), true);
    for (const part of told) assertStringIncludes(error.message, part);
    assertEquals([error.dataDir, error.holder, error.holderPid], [dir.path, holder, error.holder.pid]);
  });

  claim(`StaleLockBreakRefusedError tells of ${what}, in its message and in its fields`, () => {
    using dir = new TempDir();
    using _holder = new ForeignHolder(dir.path, { pidfile: pidfile });
    const breakStale = () => DataDirLock.acquireOrBreakStaleSync(dir.path, { onStale: () => {} });
    const error = assertThrows(breakStale, StaleLockBreakRefusedError);
    assertEquals(error.message.startsWith(`Cannot break the lock of "${dir.path}": `), true);
    for (const part of told) assertStringIncludes(error.message, part);
    assertEquals([error.dataDir, error.holder, error.holderPid], [dir.path, holder, error.holder.pid]);
  });
}

claim("a refusal by a lock of this program's own says so, whatever its pidfile says", () => {
  using dir = new TempDir();
  using _lock = DataDirLock.acquireSync(dir.path);
  Deno.writeTextFileSync(dir.join(".handoff.pidfile"), "4242\n");
  const { message, holder } = assertThrows(() => DataDirLock.acquireSync(dir.path), LockHeldError) as LockHeldError;
  assertStringIncludes(message, "this program holds it already. Release that lock first.");
  assertEquals(holder.self, true);
});

claim("a zombie that the pidfile names is reported as one", async () => {
  using dir = new TempDir();
  await using zombie = await Zombie.make();
  const { pid } = zombie;
  using _holder = new ForeignHolder(dir.path, { pidfile: `${pid}\n` });
  const { message, holder } = assertThrows(() => DataDirLock.acquireSync(dir.path), LockHeldError) as LockHeldError;
  assertStringIncludes(message, `names process ${pid}, which has ended; its parent has not waited for it (a zombie)`);
  assertEquals(holder, { pid, liveness: "alive", self: false, zombie: true });
}, { needs: ["linux"] });

claim("a lockfile with several names is reported as shared with a hard-linked copy", () => {
  using dir = new TempDir();
  using _holder = new ForeignHolder(dir.path);
  Deno.linkSync(dir.join(".handoff.lock"), dir.join("snapshot"));
  const error = assertThrows(() => DataDirLock.acquireSync(dir.path), LockHeldError);
  assertStringIncludes(error.message, "The file .handoff.lock has 2 names: a copy of the directory");
});

/** How each error comes about. */
const ORIGINS = [
  [LockHeldError, (dir: TempDir) => {
    using _holder = new ForeignHolder(dir.path, { pidfile: "" });
    DataDirLock.acquireSync(dir.path);
  }],
  [StaleLockBreakRefusedError, (dir: TempDir) => {
    using _holder = new ForeignHolder(dir.path, { pidfile: `${Deno.ppid}\n` });
    DataDirLock.acquireOrBreakStaleSync(dir.path);
  }],
  [SyscallError, (dir: TempDir) => {
    using _libc = new InterceptedLibc({ flock: () => ({ errno: errnoTable().ENOLCK }) });
    DataDirLock.acquireSync(dir.path);
  }],
  [LockUnsupportedError, (dir: TempDir) => {
    using _libc = new InterceptedLibc({ flock: () => 0 });
    DataDirLock.acquireSync(dir.path);
  }],
  [LockLostError, (dir: TempDir) => {
    using lock = DataDirLock.acquireSync(dir.path);
    Deno.removeSync(dir.join(".handoff.lock"));
    lock.verify();
  }],
] as const;

for (const [errorClass, provoke] of ORIGINS) {
  claim(`${errorClass.name} is a HandoffError that goes by its own name`, () => {
    using dir = new TempDir();
    const error = assertThrows(() => provoke(dir), HandoffError);
    assertEquals([error.constructor, error.name], [errorClass, errorClass.name]);
    assertEquals(String(error).startsWith(`${errorClass.name}: `), true);
  });
}

claim("StaleLockBreakRefusedError is a LockHeldError, since held is what the lock is", () => {
  using dir = new TempDir();
  using _holder = new ForeignHolder(dir.path, { pidfile: "" });
  const breakStale = () => DataDirLock.acquireOrBreakStaleSync(dir.path, { onStale: () => {} });
  assertInstanceOf(assertThrows(breakStale, StaleLockBreakRefusedError), LockHeldError);
});

claim("an error class that a user derives goes by its own name", () => {
  class DaemonError extends HandoffError {}
  assertEquals(new DaemonError("stopped").name, "DaemonError");
});

claim("the message of a held lock is one line, whatever the directory is called", () => {
  using dir = new TempDir();
  Deno.mkdirSync(dir.join("a\nb"));
  using _holder = new ForeignHolder(dir.join("a\nb"));
  const error = assertThrows(() => DataDirLock.acquireSync(dir.join("a\nb")), LockHeldError);
  assertEquals(error.message.includes("\n"), false);
  assertStringIncludes(error.message, "a\\nb");
});

claim("Deno's own error keeps its code, and has the first error as its cause", () => {
  using dir = new TempDir();
  Deno.writeTextFileSync(dir.join("file"), "");
  const error = assertThrows(() => DataDirLock.acquireSync(dir.join("file")), Deno.errors.NotADirectory);
  assertEquals([error.code, error.cause.code], ["ENOTDIR", "ENOTDIR"]);
  assertEquals(error instanceof HandoffError, false);
});
