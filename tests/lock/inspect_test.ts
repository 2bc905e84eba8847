import { assertEquals } from "@std/assert";
import { DataDirLock, inspect, inspectSync, type LockStatus } from "@scope/handoff";
import { Child } from "../support/child.ts";
import { claim } from "../support/claim.ts";
import { dataInMemory, tempDirWithData } from "../support/temp_data_dir.ts";
import { snapshot } from "../support/disk.ts";
import { inTime } from "../support/patience.ts";
import { SITUATIONS } from "../support/situations.ts";
import type { TempDir } from "../support/temp_dir.ts";

const FORMS = { inspect, inspectSync } as const;

for (const { name, lockfile, told, probed = told, arrange } of SITUATIONS) {
  for (const [form, look] of Object.entries(FORMS)) {
    claim(`${form}() tells of ${name}, as the kernel has it`, async () => {
      using dir = dataInMemory();
      using _arranged = arrange(dir) ?? undefined;
      const { kernelPid, ...status } = await look(dir.join("data"));
      assertEquals(status, { dataDir: dir.join("data"), ...told, source: lockfile ? "kernel" : "probe" });
      assertEquals(kernelPid, told.held && !told.reader ? Deno.pid : undefined);
    }, { needs: ["initial pid namespace"] });
  }

  claim(`inspect() tells of ${name} where it may but read the directory`, async () => {
    using dir = tempDirWithData();
    using _arranged = arrange(dir) ?? undefined;
    await using inspector = leastPrivileged(dir);
    const status = { event: "inspected", dataDir: dir.join("data"), ...probed, source: "probe" };
    assertEquals(await inTime(inspector.ask("inspect")), status);
    assertEquals(await inTime(inspector.ask("inspectSync")), status);
  });

  claim(`inspecting ${name} creates nothing and changes nothing`, async () => {
    using dir = tempDirWithData();
    using _arranged = arrange(dir) ?? undefined;
    await using inspector = leastPrivileged(dir);
    const before = [snapshot(dir.path), contentOf(dir)];
    assertEquals((await inTime(inspector.ask("inspect"))).event, "inspected");
    for (const path of ["data", "data/../data", "nowhere/../data"]) await inspect(dir.join(path));
    assertEquals([snapshot(dir.path), contentOf(dir)], before);
  });
}

claim("inspect() names the process that holds the lock, by its pidfile and by the kernel", async () => {
  using dir = dataInMemory();
  await using holder = new Child("holder.ts", { args: [dir.join("data")] });
  await holder.ask("acquire");
  const { held, ...status } = await inspect(dir.join("data"));
  assertEquals(held, true);
  assertEquals(status, {
    dataDir: dir.join("data"),
    holder: { pid: holder.pid, liveness: "alive", self: false },
    pidfile: "present",
    source: "kernel",
    kernelPid: holder.pid,
  });
}, { needs: ["initial pid namespace"] });

claim("inspect() names the process that holds the lock, also where it can but probe", async () => {
  using dir = tempDirWithData();
  await using holder = new Child("holder.ts", { args: [dir.join("data")] });
  await holder.ask("acquire");
  await using inspector = leastPrivileged(dir);
  const { held, holder: named } = await inspector.ask("inspect");
  assertEquals(held, true);
  assertEquals(named, { pid: holder.pid, liveness: "alive", self: false });
});

for (const [form, look] of Object.entries(FORMS)) {
  claim(`${form}() by the process that holds the lock says so, and leaves it held`, async () => {
    using dir = dataInMemory();
    using lock = DataDirLock.acquireSync(dir.join("data"));
    const { held, holder, kernelPid }: LockStatus = await look(lock.dataDir);
    assertEquals({ held, holder }, { held: true, holder: { pid: Deno.pid, liveness: "alive", self: true } });
    assertEquals(kernelPid, Deno.pid);
    lock.verify();
  }, { needs: ["initial pid namespace"] });
}

claim("a probe by the process that holds the lock leaves it held", async () => {
  using dir = tempDirWithData();
  const permissions = ["--allow-ffi", `--allow-read=${dir.path}`, `--allow-write=${dir.path}`];
  await using inspector = new Child("inspector.ts", { args: [dir.join("data")], permissions });
  assertEquals((await inspector.ask("acquire")).held, true);
  const { held, holder, source } = await inspector.ask("inspect");
  assertEquals([held, holder.self, source], [true, true, "probe"]);
  assertEquals((await inspect(dir.join("data"))).held, true);
});

function leastPrivileged(dir: TempDir): Child {
  const permissions = ["--allow-ffi", `--allow-read=${dir.join("data")}`];
  return new Child("inspector.ts", { args: [dir.join("data")], permissions });
}

function contentOf(dir: TempDir): Record<string, string> {
  return dir.entries().includes("data") ? snapshot(dir.join("data")) : {};
}
