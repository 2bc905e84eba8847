import { assertEquals } from "@std/assert";
import { Child } from "../support/child.ts";
import { claim } from "../support/claim.ts";
import { TempDir } from "../support/temp_dir.ts";

for (const [umask, mode] of [["000", 0o644], ["022", 0o644], ["027", 0o640], ["077", 0o600]] as const) {
  claim(`the lockfile and the pidfile have mode ${mode.toString(8)} under umask ${umask}`, async () => {
    using dir = new TempDir();
    await using holder = new Child("holder.ts", { args: [dir.path], prefix: underUmask(umask) });
    assertEquals((await holder.ask("acquire")).event, "acquired");
    assertEquals(modeOf(dir.join(".handoff.lock")), mode);
    assertEquals(modeOf(dir.join(".handoff.pidfile")), mode);
  });
}

claim("a directory that acquire() makes under umask 000 is for others to read, not to write", async () => {
  using dir = new TempDir();
  await using holder = new Child("holder.ts", { args: [dir.join("a/data")], prefix: underUmask("000") });
  assertEquals((await holder.ask("acquire")).event, "acquired");
  assertEquals([modeOf(dir.join("a")), modeOf(dir.join("a/data"))], [0o755, 0o755]);
});

claim("a lockfile made under umask 077 keeps its mode when it is taken under umask 000", async () => {
  using dir = new TempDir();
  Deno.writeTextFileSync(dir.join(".handoff.lock"), "", { mode: 0o600 });
  await using holder = new Child("holder.ts", { args: [dir.path], prefix: underUmask("000") });
  assertEquals((await holder.ask("acquire")).event, "acquired");
  assertEquals(modeOf(dir.join(".handoff.lock")), 0o600);
});

function underUmask(umask: string): string[] {
  return ["sh", "-c", 'umask "$0" && exec "$@"', umask];
}

function modeOf(path: string): number {
  return (Deno.lstatSync(path).mode ?? 0) & 0o7777;
}
