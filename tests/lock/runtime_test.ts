import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { DataDirLock, LockUnsupportedError } from "@scope/handoff";
import { requireRuntime, type Runtime } from "../../lock/runtime.ts";
import { claim } from "../support/claim.ts";
import { TempDir } from "../support/temp_dir.ts";

for (const deno of ["2.7.12", "2.7.12+abc1234", "2.7.100", "2.8.0", "2.10.0", "3.0.0-rc.1", "10.0.0"]) {
  for (const os of ["linux", "darwin"]) {
    claim(`Deno ${deno} on ${os} can lock`, () => {
      assertEquals(requireRuntime({ deno, os }), undefined);
    });
  }
}

for (const deno of ["2.7.11", "2.7.9", "2.6.13", "2.0.0", "1.46.3", "0.42.0", "nonsense", ""]) {
  claim(`Deno ${deno || "of no version"} is refused, and told which one is needed`, () => {
    assertEquals(refusal({ deno, os: "linux" }), {
      reason: "runtime",
      message: `@scope/handoff requires Deno >= 2.7.12, but this is Deno ${deno}. Upgrade with "deno upgrade".`,
    });
  });
}

claim("a runtime other than Deno is refused with a clear error", () => {
  const message = "@scope/handoff requires Deno >= 2.7.12, but this is not Deno.";
  assertEquals(refusal({ os: "linux" }), { reason: "runtime", message });
});

for (const os of ["windows", "freebsd", "android", "unknown"]) {
  claim(`${os} is refused, and told which platforms are supported`, () => {
    assertEquals(refusal({ deno: "2.9.6", os }), {
      reason: "platform",
      message: `@scope/handoff requires flock(2) and does not support ${os}: only Linux and macOS.`,
    });
  });
}

claim("acquire() on a Deno that is too old rejects and touches nothing", async () => {
  using dir = new TempDir();
  using _deno = pretended({ version: { ...Deno.version, deno: "2.7.11" } });
  const error = await assertRejects(() => DataDirLock.acquire(dir.join("data")), LockUnsupportedError);
  assertEquals(error.reason, "runtime");
  assertEquals(dir.entries(), []);
});

claim("acquire() on Windows rejects and touches nothing", async () => {
  using dir = new TempDir();
  using _deno = pretended({ build: { ...Deno.build, os: "windows" } });
  const error = await assertRejects(() => DataDirLock.acquire(dir.join("data")), LockUnsupportedError);
  assertEquals(error.reason, "platform");
  assertEquals(dir.entries(), []);
});

/** Has Deno say that it is another version, or on another platform. */
function pretended(fields: Partial<Pick<typeof Deno, "build" | "version">>): Disposable {
  const { build, version } = Deno;
  Object.assign(Deno, fields);
  return { [Symbol.dispose]: () => void Object.assign(Deno, { build, version }) };
}

function refusal(runtime: Runtime): { reason: string; message: string } {
  const { reason, message } = assertThrows(() => requireRuntime(runtime), LockUnsupportedError);
  return { reason, message };
}
