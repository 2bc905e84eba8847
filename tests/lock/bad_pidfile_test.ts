import { assertEquals, assertRejects } from "@std/assert";
import { DataDirLock, LockHeldError } from "@scope/handoff";
import { claim } from "../support/claim.ts";
import { snapshot } from "../support/disk.ts";
import { ForeignHolder } from "../support/foreign_holder.ts";
import { TempDir } from "../support/temp_dir.ts";

/** The contents of pidfiles that name nobody. */
const MALFORMED: Readonly<Record<string, string>> = {
  "nothing": "",
  "a newline alone": "\n",
  "0": "0\n",
  "-1": "-1\n",
  "+1": "+1\n",
  "abc": "abc\n",
  "12 34": "12 34\n",
  "1e3": "1e3\n",
  "0x10": "0x10\n",
  "1.0": "1.0\n",
  "a leading zero": "01\n",
  "2147483648, one more than pids go": "2147483648\n",
  "4294967297, which is 1 in 32 bits": "4294967297\n",
  "20 digits": "12345678901234567890\n",
  "1 MB of digits": "1".repeat(1 << 20),
  "a pid and a second line": "1\n2\n",
  "the longest pid and a second line": "2147483647\n2\n",
  "a pid behind a BOM": "\uFEFF1\n",
  "a pid and more white space than anybody writes": `1${" ".repeat(63)}`,
  "a pid and a NUL byte": "1\0\n",
  "NUL bytes": "\0\0\0\0",
  "digits that are not ASCII": "\uFF11\n",
};

for (const [what, content] of Object.entries(MALFORMED)) {
  claim(`a pidfile that holds ${what} names nobody, and a contender leaves it alone`, async () => {
    using dir = new TempDir();
    using _holder = new ForeignHolder(dir.path, { pidfile: content });
    const before = snapshot(dir.path);
    const error = await assertRejects(() => DataDirLock.acquire(dir.path), LockHeldError);
    assertEquals(error.holder, { liveness: "unknown", self: false });
    assertEquals(snapshot(dir.path), before);
  });
}

for (const content of ["4242", "4242\r\n", " 4242\n", "\t4242\n\n", "\v4242\f", `4242${" ".repeat(59)}`]) {
  claim(`a pidfile that holds ${JSON.stringify(content)} names process 4242, as the Rust crate reads it`, async () => {
    using dir = new TempDir();
    using _holder = new ForeignHolder(dir.path, { pidfile: content });
    assertEquals((await assertRejects(() => DataDirLock.acquire(dir.path), LockHeldError)).holderPid, 4242);
  });
}

/** The contents of pidfiles that name a process, which a free lock makes a stale name, whoever it is. */
const WELL_FORMED: Readonly<Record<string, string>> = {
  "our own pid": `${Deno.pid}\n`,
  "the pid of an unrelated live process": `${Deno.ppid}\n`,
  "2147483647, the largest pid": "2147483647\n",
};

for (const [what, content] of Object.entries({ ...MALFORMED, ...WELL_FORMED })) {
  claim(`acquire() succeeds on a free lock whose pidfile holds ${what}, and puts our name in its place`, async () => {
    using dir = new TempDir();
    Deno.writeTextFileSync(dir.join(".handoff.pidfile"), content);
    using _lock = await DataDirLock.acquire(dir.path);
    assertEquals(Deno.readTextFileSync(dir.join(".handoff.pidfile")), `${Deno.pid}\n`);
    assertEquals(dir.entries(), [".handoff.lock", ".handoff.pidfile"]);
  });
}

claim("a held lock whose pidfile holds 2147483647 is reported with that pid, which is dead", async () => {
  using dir = new TempDir();
  using _holder = new ForeignHolder(dir.path, { pidfile: "2147483647\n" });
  const error = await assertRejects(() => DataDirLock.acquire(dir.path), LockHeldError);
  assertEquals(error.holder, { pid: 2147483647, liveness: "dead", self: false });
});

claim("a held lock whose pidfile holds a live pid is reported with that pid, which is alive", async () => {
  using dir = new TempDir();
  using _holder = new ForeignHolder(dir.path, { pidfile: `${Deno.ppid}\n` });
  const error = await assertRejects(() => DataDirLock.acquire(dir.path), LockHeldError);
  assertEquals(error.holder, { pid: Deno.ppid, liveness: "alive", self: false });
});
