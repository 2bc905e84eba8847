import { assertEquals, assertRejects } from "@std/assert";
import { DataDirLock, LockHeldError, SyscallError } from "@scope/handoff";
import { errnoName, errnoTable } from "../../ffi/errno.ts";
import { claim } from "../support/claim.ts";
import { ForeignHolder, isFree, untilFree } from "../support/foreign_holder.ts";
import { InterceptedLibc } from "../support/intercepted_libc.ts";
import { TempDir } from "../support/temp_dir.ts";

const { EINTR, EBADF, EWOULDBLOCK, EINVAL, ENOLCK, ENOSYS, EOPNOTSUPP } = errnoTable();

claim("EWOULDBLOCK of flock means that the lock is held", async () => {
  using dir = new TempDir();
  using _libc = new InterceptedLibc({ flock: () => ({ errno: EWOULDBLOCK }) });
  await assertRejects(() => DataDirLock.acquire(dir.path), LockHeldError);
});

for (const [code, errno] of Object.entries({ ENOLCK, EOPNOTSUPP, EBADF, EINVAL, ENOSYS, E4242: 4242 })) {
  claim(`${code} of flock is a SyscallError that names the call, the number, its name and the file`, async () => {
    using dir = new TempDir();
    using _libc = new InterceptedLibc({ flock: () => ({ errno }) });
    const error = await assertRejects(() => DataDirLock.acquire(dir.path), SyscallError);
    const { syscall, path } = error;
    assertEquals({ syscall, errno: error.errno, code: error.code, path }, {
      syscall: "flock",
      errno,
      code,
      path: dir.join(".handoff.lock"),
    });
    assertEquals(
      error.message,
      `Cannot lock "${dir.join(".handoff.lock")}": flock failed with ${code} (errno ${errno})`,
    );
    assertEquals(dir.entries(), [".handoff.lock"]);
  });
}

claim("EINTR of flock is retried until the kernel gives an answer", async () => {
  using dir = new TempDir();
  let interruptions = 100;
  using _libc = new InterceptedLibc({ flock: (flock) => interruptions-- > 0 ? { errno: EINTR } : flock() });
  using _lock = await DataDirLock.acquire(dir.path);
  assertEquals(isFree(dir.path), false);
});

claim("EINTR of flock is retried when the lock is held", async () => {
  using dir = new TempDir();
  using _holder = new ForeignHolder(dir.path);
  let interruptions = 100;
  using _libc = new InterceptedLibc({ flock: (flock) => interruptions-- > 0 ? { errno: EINTR } : flock() });
  await assertRejects(() => DataDirLock.acquire(dir.path), LockHeldError);
});

claim("EINTR of flock without end is a SyscallError, since no signal storm may stall the event loop", async () => {
  using dir = new TempDir();
  using _libc = new InterceptedLibc({ flock: () => ({ errno: EINTR }) });
  const error = await assertRejects(() => DataDirLock.acquire(dir.path), SyscallError);
  assertEquals([error.syscall, error.code], ["flock", "EINTR"]);
});

claim("a release that flock fails for is a SyscallError, and still frees the lock and closes all", async () => {
  using dir = new TempDir();
  let unlocking = false;
  using _libc = new InterceptedLibc({ flock: (flock) => unlocking ? { errno: ENOLCK } : flock() });
  const lock = await DataDirLock.acquire(dir.path);
  unlocking = true;
  const error = await assertRejects(() => lock.release(), SyscallError);
  assertEquals(
    error.message,
    `Cannot unlock "${dir.join(".handoff.lock")}": flock failed with ENOLCK (errno ${ENOLCK})`,
  );
  assertEquals([lock.released, dir.entries()], [true, [".handoff.lock"]]);
  await untilFree(dir.path);
});

claim("errno of flock in the proof of exclusion is a SyscallError, and frees the lock", async () => {
  using dir = new TempDir();
  let calls = 0;
  using _libc = new InterceptedLibc({ flock: (flock) => ++calls === 2 ? { errno: ENOLCK } : flock() });
  const error = await assertRejects(() => DataDirLock.acquire(dir.path), SyscallError);
  assertEquals(error.code, "ENOLCK");
  assertEquals(dir.entries(), [".handoff.lock"]);
  await untilFree(dir.path);
});

claim("the errno values of Linux are those of its headers", () => {
  assertEquals({ ...errnoTable("linux") }, {
    EPERM: 1,
    ESRCH: 3,
    EINTR: 4,
    EBADF: 9,
    EWOULDBLOCK: 11,
    EBUSY: 16,
    EINVAL: 22,
    EFBIG: 27,
    ENOLCK: 37,
    ENOSYS: 38,
    EOPNOTSUPP: 95,
    EDQUOT: 122,
  });
});

claim("the errno values of macOS are those of its headers", () => {
  assertEquals({ ...errnoTable("darwin") }, {
    EPERM: 1,
    ESRCH: 3,
    EINTR: 4,
    EBADF: 9,
    EWOULDBLOCK: 35,
    EBUSY: 16,
    EINVAL: 22,
    EFBIG: 27,
    ENOLCK: 77,
    ENOSYS: 78,
    EDQUOT: 69,
    EOPNOTSUPP: 102,
  });
});

claim("an errno has the name that it has on its platform", () => {
  assertEquals([errnoName(37, "linux"), errnoName(77, "darwin")], ["ENOLCK", "ENOLCK"]);
  assertEquals([errnoName(35, "linux"), errnoName(11, "darwin")], ["E35", "E11"]);
});
