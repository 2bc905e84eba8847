import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { DataDirLock, LockHeldError } from "@scope/handoff";
import { errnoTable } from "../../ffi/errno.ts";
import { livenessOf } from "../../ffi/kill.ts";
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
  // As under SELinux and AppArmor.
  ["EACCES", { errno: 13 }, "unknown"],
  ["EINVAL", { errno: EINVAL }, "unknown"],
  ["ENOSYS", { errno: ENOSYS }, "unknown"],
  ["a number without a name", { errno: 4242 }, "unknown"],
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

claim("whatever kill answers, a free lock is free, and a held one is waited for until the time is up", async () => {
  using dir = new TempDir();
  using _libc = new InterceptedLibc({ kill: () => ({ errno: 13 }) });
  Deno.writeTextFileSync(dir.join(".handoff.pidfile"), "4242\n");
  await (await DataDirLock.acquire(dir.path)).release();
  using _holder = new ForeignHolder(dir.path, { pidfile: "4242\n" });
  const told: unknown[] = [];
  const options = { timeout: 1, onWait: (holder: unknown) => told.push(holder), onStale: () => {} };
  for (const form of ["acquire", "acquireOrBreakStale"] as const) {
    await assertRejects(() => DataDirLock[form](dir.path, options), LockHeldError, "does not tell whether it is alive");
  }
  assertEquals(told[0], { pid: 4242, liveness: "unknown", self: false });
});

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

claim("kill is called with the pid of the pidfile only", async () => {
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
    assertThrows(() => livenessOf(libc, pid), RangeError, `${pid} is not a process id`);
    assertEquals(killed, []);
  });
}
