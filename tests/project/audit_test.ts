import { assertEquals } from "@std/assert";
import { Child } from "../support/child.ts";
import { claim } from "../support/claim.ts";
import { TempDir } from "../support/temp_dir.ts";

claim("importing the module asks for no file, library or environment variable", async () => {
  using dir = new TempDir();
  await using child = new Child("import_only.ts", { prefix: audited(dir) });
  assertEquals((await child.next()).event, "imported");
  assertEquals((await child.end()).success, true);
  assertEquals(audit(dir), []);
});

claim("acquire and release ask for libc, HANDOFF_LIBC and the data directory, and nothing else", async () => {
  using dir = new TempDir();
  await using child = new Child("holder.ts", { args: [dir.join("data")], prefix: audited(dir) });
  assertEquals((await child.ask("acquire")).event, "acquired");
  assertEquals((await child.ask("release")).event, "released");
  assertEquals((await child.end()).success, true);
  assertEquals(kinds(audit(dir)), ["env", "ffi", "read", "write"]);
  assertEquals(beyond(dir.join("data"), audit(dir)), []);
});

claim(
  "a refusal asks for libc, HANDOFF_LIBC, the data directory and the state of the named process, and nothing else",
  async () => {
    using dir = new TempDir();
    await using holder = new Child("holder.ts", { args: [dir.join("data")] });
    assertEquals((await holder.ask("acquire")).event, "acquired");
    await using child = new Child("holder.ts", { args: [dir.join("data")], prefix: audited(dir) });
    assertEquals((await child.ask("acquire")).error, "LockHeldError");
    assertEquals((await child.end()).success, true);
    assertEquals(kinds(audit(dir)), ["env", "ffi", "read", "write"]);
    const stat = `/proc/${holder.pid}/stat`;
    assertEquals(beyond(dir.join("data"), audit(dir)).filter(({ value }) => value !== stat), []);
  },
);

/** A permission that a program asked for, granted or not. */
interface Audited {
  readonly permission: string;
  readonly value: string;
}

/** Has Deno write down each permission that is asked for. */
function audited(dir: TempDir): string[] {
  return ["env", `DENO_AUDIT_PERMISSIONS=${dir.join("audit.jsonl")}`];
}

function audit(dir: TempDir): Audited[] {
  const lines = Deno.readTextFileSync(dir.join("audit.jsonl")).split("\n");
  return lines.filter((line) => line !== "").map((line) => JSON.parse(line));
}

function kinds(asked: Audited[]): string[] {
  return [...new Set(asked.map(({ permission }) => permission))].sort();
}

/** What was asked for beside libc, the variable that names it, and a folder. */
function beyond(folder: string, asked: Audited[]): Audited[] {
  const files = asked.filter(({ permission, value }) => permission !== "ffi" && value !== "HANDOFF_LIBC");
  return files.filter(({ value }) => !`${value}/`.startsWith(`${folder}/`));
}
