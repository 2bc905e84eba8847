import { assertEquals, assertRejects, assertStringIncludes, assertThrows } from "@std/assert";
import { DataDirLock, LockHeldError, SyscallError } from "@scope/handoff";
import { errnoTable } from "../../ffi/errno.ts";
import { isAlive } from "../../ffi/kill.ts";
import { claim } from "../support/claim.ts";
import { ForeignHolder } from "../support/foreign_holder.ts";
import { InterceptedLibc } from "../support/intercepted_libc.ts";
import { TempDir } from "../support/temp_dir.ts";

const { EPERM, ESRCH, EINVAL, ENOSYS } = errnoTable();

/** What kill(pid, 0) says, and what that makes of the holder. */
const KILL_ANSWERS = [
  ["success", 0, "alive"],
  ["EPERM", { errno: EPERM }, "alive"],
  ["ESRCH", { errno: ESRCH }, "dead"],
] as const;

for (const [what, answer, liveness] of KILL_ANSWERS) {
  claim(`${what} of kill means that the holder is ${liveness}`, async () => {
    using dir = new TempDir();
    using _holder = new ForeignHolder(dir.path, { pidfile: "4242\n" });
    using _libc = new InterceptedLibc({ kill: () => answer });
    const error = await assertRejects(() => DataDirLock.acquire(dir.path), LockHeldError);
    assertEquals(error.holder, { pid: 4242, liveness, self: false });
  });
}

for (const [code, errno] of Object.entries({ EINVAL, ENOSYS, E4242: 4242 })) {
  claim(`${code} of kill is a SyscallError that names the call, the number, its name and the pidfile`, async () => {
    using dir = new TempDir();
    using _holder = new ForeignHolder(dir.path, { pidfile: "4242\n" });
    using _libc = new InterceptedLibc({ kill: () => ({ errno }) });
    const error = await assertRejects(() => DataDirLock.acquire(dir.path), SyscallError);
    const { syscall, path } = error;
    assertEquals({ syscall, errno: error.errno, code: error.code, path }, {
      syscall: "kill",
      errno,
      code,
      path: dir.join(".handoff.pidfile"),
    });
    assertStringIncludes(error.message, `"${dir.join(".handoff.pidfile")}": kill failed with ${code} (errno ${errno})`);
  });
}

for (const content of ["0", "-1", "-4242", "2147483648", "4294967297", "4294963055", "1e3", "NaN", "Infinity", ""]) {
  claim(`a pidfile that holds "${content}" never reaches kill`, async () => {
    using dir = new TempDir();
    using _holder = new ForeignHolder(dir.path, { pidfile: `${content}\n` });
    const killed: number[] = [];
    using _libc = new InterceptedLibc({ kill: (_kill, pid) => killed.push(pid) });
    const error = await assertRejects(() => DataDirLock.acquire(dir.path), LockHeldError);
    assertEquals(error.holder, { liveness: "unknown", self: false });
    assertEquals(killed, []);
  });
}

claim("kill is asked for no more than the pid of the pidfile", async () => {
  using dir = new TempDir();
  using _holder = new ForeignHolder(dir.path, { pidfile: "2147483647\n" });
  const killed: number[] = [];
  using _libc = new InterceptedLibc({ kill: (kill, pid) => (killed.push(pid), kill()) });
  await assertRejects(() => DataDirLock.acquire(dir.path), LockHeldError);
  assertEquals(killed, [2147483647]);
});

for (const pid of [0, -1, -4242, 1.5, NaN, Infinity, 2 ** 31, 2 ** 32 + 1]) {
  claim(`${pid} is refused as a pid before it reaches kill`, () => {
    const killed: number[] = [];
    const libc = { kill: (pid: number) => killed.push(pid) };
    assertThrows(() => isAlive(libc, pid, "pidfile"), RangeError, `${pid} is not a process id`);
    assertEquals(killed, []);
  });
}
