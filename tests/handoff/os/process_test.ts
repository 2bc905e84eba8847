import { assertEquals, assertThrows } from "@std/assert";
import { SyscallError } from "../../../ffi/errors.ts";
import type { Os } from "../../../handoff/os.ts";
import { Child } from "../../support/child.ts";
import { claim } from "../../support/claim.ts";
import { run } from "../../support/run.ts";
import { OpenedOs } from "./linux.ts";

const LINUX = { needs: ["linux"] } as const;
const SIGTERM = 15;

/** Starts `sh -c script` and returns its pid, and a pidfd that the block owns. */
function shell(opened: OpenedOs, script: string): { pid: number; pidfd: number } {
  const pid = opened.os.spawn({ argv: ["sh", "-c", script], env: { PATH: "/usr/bin:/bin" } });
  return { pid, pidfd: opened.own(opened.os.pidfd(pid) ?? -1) };
}

for (const code of [0, 7, 255]) {
  claim(`reap tells that a child exited with ${code}, once its pidfd is readable`, async () => {
    using opened = new OpenedOs();
    const { pid, pidfd } = shell(opened, `exit ${code}`);
    assertEquals(await opened.os.readable(pidfd), true);
    assertEquals(opened.os.reap(pid), { code });
  }, LINUX);
}

for (const [how, end] of [["kill", kill], ["killPidfd", killPidfd]] as const) {
  claim(`${how} ends a child, reap tells by which signal, and the next ${how} is false`, async () => {
    using opened = new OpenedOs();
    const { pid, pidfd } = shell(opened, "exec sleep 1000");
    assertEquals(opened.os.reap(pid), undefined);
    assertEquals(end(opened.os, pid, pidfd), true);
    await opened.os.readable(pidfd);
    assertEquals(opened.os.reap(pid), { signal: SIGTERM });
    assertEquals(end(opened.os, pid, pidfd), false);
  }, LINUX);
}

function kill(os: Os, pid: number): boolean {
  return os.kill(pid, SIGTERM);
}

function killPidfd(os: Os, _pid: number, pidfd: number): boolean {
  return os.killPidfd(pidfd, SIGTERM);
}

claim("a child that is reaped has no pidfd any more, and is no child", async () => {
  using opened = new OpenedOs();
  const { pid, pidfd } = shell(opened, "exit 0");
  await opened.os.readable(pidfd);
  opened.os.reap(pid);
  assertEquals(opened.os.pidfd(pid), undefined);
  assertEquals(assertThrows(() => opened.os.reap(pid), SyscallError).code, "ECHILD");
}, LINUX);

for (const pid of [0, -1, 1.5, 2 ** 31]) {
  claim(`${pid} is refused as a pid before any call, since C would take it for a group or another process`, () => {
    using opened = new OpenedOs();
    const { os } = opened;
    for (const call of [() => os.kill(pid, 0), () => os.reap(pid), () => os.pidfd(pid)]) {
      assertThrows(call, RangeError, `${pid} is not a process id`);
    }
  }, LINUX);
}

claim(
  "as PID 1, reapOrphans reaps orphans alone: children of ours and of Deno.Command keep their exit codes",
  async () => {
    await using init = new Child("../handoff/os/programs/orphanage.ts", {
      prefix: ["unshare", "--pid", "--fork", "--mount-proc"],
    });
    const { orphan, reaped, left, ours, command } = await init.next();
    assertEquals({ reaped, left, ours, command }, { reaped: [orphan], left: [], ours: { code: 3 }, command: 4 });
  },
  { needs: ["linux", "pid namespace"] },
);

claim("raiseDescriptorLimit raises the soft limit to the hard one", () => {
  using opened = new OpenedOs();
  run("prlimit", "--pid", `${Deno.pid}`, "--nofile=300:");
  const [soft, hard] = descriptorLimit();
  opened.os.raiseDescriptorLimit();
  assertEquals([soft, descriptorLimit()], ["300", [hard, hard]]);
}, { needs: ["linux", "prlimit"] });

function descriptorLimit(): string[] {
  const [, soft, hard] = /^Max open files\s+(\d+)\s+(\d+)/m.exec(Deno.readTextFileSync("/proc/self/limits")) ?? [];
  return [soft, hard];
}
