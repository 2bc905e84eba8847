import { assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { pathToFileURL } from "node:url";
import { DataDirLock, inspect, inspectSync, LockUnsupportedError } from "@scope/handoff";
import { Child } from "../support/child.ts";
import { claim } from "../support/claim.ts";
import { tempDirWithData } from "../support/temp_data_dir.ts";
import { snapshot, Victim } from "../support/disk.ts";
import { worldWritableDir } from "../support/world_writable_dir.ts";
import { ForeignHolder } from "../support/foreign_holder.ts";
import { inTime } from "../support/patience.ts";
import { run } from "../support/run.ts";
import { TempDir } from "../support/temp_dir.ts";

/** Other ways to write the path of `data`, which is locked. */
const SPELLINGS: Readonly<Record<string, (dir: TempDir) => string | URL>> = {
  "a URL": (dir) => pathToFileURL(dir.join("data")),
  "a slash at the end": (dir) => dir.join("data/"),
  "superfluous dots and slashes": (dir) => dir.join("./data//."),
  "a `..`": (dir) => dir.join("data/../data"),
  "a `..` behind a symbolic link, as the kernel takes it": (dir) => {
    Deno.mkdirSync(dir.join("data/deep"));
    Deno.symlinkSync("data/deep", dir.join("link"));
    return dir.join("link/..");
  },
};

for (const [spelling, path] of Object.entries(SPELLINGS)) {
  claim(`inspect() finds the directory by ${spelling}`, async () => {
    using dir = tempDirWithData();
    using _lock = DataDirLock.acquireSync(dir.join("data"));
    const { dataDir, held } = await inspect(path(dir));
    assertEquals({ dataDir, held }, { dataDir: dir.join("data"), held: true });
  });
}

claim("inspect() finds a directory that is locked through a symbolic link", async () => {
  using dir = tempDirWithData();
  Deno.symlinkSync("data", dir.join("link"));
  using _lock = DataDirLock.acquireSync(dir.join("data"));
  const { dataDir, held } = await inspect(dir.join("link"));
  assertEquals({ dataDir, held }, { dataDir: dir.join("link"), held: true });
});

claim("a path with a `..` to a directory that does not exist is not held, and stays so", async () => {
  using dir = new TempDir();
  const path = dir.join("nowhere/../data");
  assertEquals(await inspect(path), {
    dataDir: path,
    held: false,
    holder: { liveness: "unknown", self: false },
    pidfile: "missing",
    source: "probe",
  });
  assertEquals(dir.entries(), []);
});

for (const path of ["", "a\0b", new URL("https://example.com/")]) {
  claim(`inspect() rejects ${JSON.stringify(path)} with a TypeError`, async () => {
    await assertRejects(() => inspect(path), TypeError);
  });
}

claim("inspect() rejects a lockfile that is a symbolic link, rather than tell of another file's lock", async () => {
  using dir = tempDirWithData();
  using victim = new Victim("precious\n");
  Deno.symlinkSync(victim.path, dir.join("data/.handoff.lock"));
  const error = await assertRejects(() => inspect(dir.join("data")), Deno.errors.FilesystemLoop);
  assertStringIncludes(error.message, `"${dir.join("data/.handoff.lock")}": `);
  assertEquals(victim.untouched, true);
});

const ODD_LOCKFILES: Readonly<Record<string, (path: string) => void>> = {
  "a directory": (path) => Deno.mkdirSync(path),
  "a FIFO": (path) => run("mkfifo", path),
};

for (const [what, make] of Object.entries(ODD_LOCKFILES)) {
  claim(`inspect() rejects a lockfile that is ${what}, without waiting for anybody`, async () => {
    using dir = tempDirWithData();
    make(dir.join("data/.handoff.lock"));
    const before = snapshot(dir.join("data"));
    await using inspector = new Child("inspector.ts", { args: [dir.join("data")] });
    const { error, reason } = await inspector.ask("inspect");
    assertEquals([error, reason], [LockUnsupportedError.name, "lockfile"]);
    assertEquals(snapshot(dir.join("data")), before);
  });
}

claim("inspect() reports on a directory whose pidfile is a FIFO, without waiting", async () => {
  using dir = tempDirWithData();
  run("mkfifo", dir.join("data/.handoff.pidfile"));
  await using inspector = new Child("inspector.ts", { args: [dir.join("data")] });
  const { held, pidfile } = await inspector.ask("inspect");
  assertEquals([held, pidfile], [false, "malformed"]);
});

claim("inspect() rejects what is no directory", async () => {
  using dir = new TempDir();
  Deno.writeTextFileSync(dir.join("data"), "");
  await assertRejects(() => inspect(dir.join("data")), Deno.errors.NotADirectory);
});

claim("inspect() needs no permission but to read, of the system either", async () => {
  using dir = worldWritableDir();
  using _holder = new ForeignHolder(dir.path, { pidfile: "1\n" });
  for (const name of dir.entries()) Deno.chmodSync(dir.join(name), 0o444);
  Deno.chmodSync(dir.path, 0o555);
  await using inspector = new Child("nobody_inspector.ts", { args: [dir.path] });
  const { held, holder } = await inTime(inspector.ask("inspect"));
  assertEquals({ held, holder }, { held: true, holder: { pid: 1, liveness: "alive", self: false } });
}, { needs: ["root"] });

claim("inspect() rejects a directory that may not be looked at, and names it", async () => {
  using dir = worldWritableDir();
  using _holder = new ForeignHolder(dir.path);
  Deno.chmodSync(dir.path, 0o700);
  await using inspector = new Child("nobody_inspector.ts", { args: [dir.path] });
  const { error, message } = await inTime(inspector.ask("inspect"));
  assertEquals(error, "PermissionDenied");
  assertStringIncludes(message, `"${dir.join(".handoff.lock")}": `);
}, { needs: ["root"] });

claim("inspect() without the permission to read names the directory and the flag", async () => {
  using dir = tempDirWithData();
  await using inspector = new Child("inspector.ts", { args: [dir.join("data")], permissions: ["--allow-ffi"] });
  const { error, message } = await inspector.ask("inspect");
  assertEquals(error, "NotCapable");
  assertStringIncludes(message, `--allow-read=${dir.join("data")}`);
});

claim("inspect() by whoever may only read asks for no other permission, and so never prompts", async () => {
  using dir = tempDirWithData();
  const lockfile = dir.join("data/.handoff.lock");
  Deno.writeTextFileSync(lockfile, "");
  const log = dir.join("asked.jsonl");
  const permissions = ["--allow-ffi", `--allow-read=${dir.join("data")}`];
  const prefix = ["env", `DENO_AUDIT_PERMISSIONS=${log}`];
  await using inspector = new Child("inspector.ts", { args: [dir.join("data")], permissions, prefix });
  assertEquals((await inspector.ask("inspect")).event, "inspected");
  const asked = Deno.readTextFileSync(log).trimEnd().split("\n").map((line) => JSON.parse(line));
  const files = asked.filter(({ permission }) => permission !== "ffi").map(({ value }) => value);
  assertEquals(new Set(files), new Set([lockfile, dir.join("data/.handoff.pidfile")]));
});

claim("inspectSync() throws what inspect() rejects with", async () => {
  using dir = tempDirWithData();
  Deno.symlinkSync("elsewhere", dir.join("data/.handoff.lock"));
  const rejected = await assertRejects(() => inspect(dir.join("data")));
  await assertRejects(() => Promise.resolve().then(() => inspectSync(dir.join("data"))), rejected.constructor);
});
