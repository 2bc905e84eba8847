import { assertEquals, assertRejects } from "@std/assert";
import { clearJournal, JournalFileError, readJournal, writeJournal } from "../../../handoff/journal_file.ts";
import { encodeJournal, type Journal } from "../../../handoff/protocol/journal.ts";
import { claim } from "../../support/claim.ts";
import { Victim } from "../../support/disk.ts";
import { run } from "../../support/run.ts";
import { TempDir } from "../../support/temp_dir.ts";
import { tracedProgram } from "./traced.ts";

const JOURNAL: Journal = {
  handoffId: "00112233-4455-6677-8899-aabbccddeeff",
  phase: "sealing",
  incumbentPid: 12,
  successorPid: 34,
  startedAtUnixMs: 1_700_000_000_000n,
};

claim("a journal is read as it was written, and there is none after it was cleared", async () => {
  using dir = new TempDir();
  const path = dir.join("deep/er/state.bin");
  assertEquals(await readJournal(path), undefined);
  await writeJournal(path, JOURNAL);
  await writeJournal(path, { ...JOURNAL, phase: "committed" });
  assertEquals(await readJournal(path), { ...JOURNAL, phase: "committed" });
  assertEquals([Deno.readFileSync(path), Deno.statSync(path).mode! & 0o777], [
    encodeJournal({ ...JOURNAL, phase: "committed" }) as Uint8Array<ArrayBuffer>,
    0o600,
  ]);
  for (let i = 0; i < 2; i++) await clearJournal(path);
  assertEquals([await readJournal(path), dir.entries(dir.join("deep/er"))], [undefined, []]);
});

claim("clearing a journal whose directory is missing does nothing", async () => {
  using dir = new TempDir();
  await clearJournal(dir.join("none/state.bin"));
  assertEquals(dir.entries(), []);
});

const TEMPORARY: Readonly<Record<string, string>> = {
  "state.bin": "state.bin.tmp",
  "state": "state.bin.tmp",
  ".handoff.journal": ".handoff.bin.tmp",
  ".journal": ".journal.bin.tmp",
  "a.b.c": "a.b.bin.tmp",
  "state.": "state.bin.tmp",
};
for (const [name, temporary] of Object.entries(TEMPORARY)) {
  claim(`${name} is written as ${temporary} first, as the crate does`, async () => {
    using dir = new TempDir();
    Deno.mkdirSync(dir.join(temporary));
    const error = await assertRejects(() => writeJournal(dir.join(name), JOURNAL), JournalFileError);
    assertEquals([error.kind, error.code, dir.entries()], ["write", "EISDIR", [temporary]]);
  });
}

claim("a journal is on the disk before it has its name, and its name before the write resolves", async () => {
  using dir = new TempDir("/var/tmp");
  const calls = await tracedProgram("../handoff/channel/programs/journalist.ts", [dir.join("state.bin")], [
    ...["write", "pwrite64", "fsync", "rename", "unlink"],
  ]);
  const about = calls.filter((call) => call.includes(dir.path) || call.includes("written"));
  const steps = about.map((call) => `${/^\w+/.exec(call)![0]} ${about.length > 0 ? lastName(call, dir.path) : ""}`);
  assertEquals(steps.map((step) => step.replace("pwrite64", "write").replace(/^rename\w*/, "rename")), [
    ...["write state.bin.tmp", "fsync state.bin.tmp", "rename state.bin.tmp", "fsync .", "write report"],
    ...["unlink state.bin", "fsync ."],
  ]);
}, { needs: ["linux", "strace"] });

function lastName(call: string, dir: string): string {
  if (!call.includes(dir)) return "report";
  return call.split(dir)[1].split(/[">]/)[0].replace("/", "") || ".";
}

claim("on a full disk the error says ENOSPC, the journal is what it was, and nothing is left over", async () => {
  using dir = new TempDir();
  run("mount", "-t", "tmpfs", "-o", "size=8k", "tmpfs", dir.path);
  try {
    const path = dir.join("state.bin");
    await writeJournal(path, JOURNAL);
    Deno.writeFileSync(dir.join("filler"), new Uint8Array(4096));
    const error = await assertRejects(() => writeJournal(path, { ...JOURNAL, phase: "committed" }), JournalFileError);
    assertEquals([error.kind, error.code, error.path], ["write", "ENOSPC", path]);
    assertEquals([await readJournal(path), dir.entries()], [JOURNAL, ["filler", "state.bin"]]);
    await clearJournal(path);
  } finally {
    run("umount", dir.path);
  }
}, { needs: ["linux", "root", "mount"] });

const STRANGE: readonly [string, (path: string) => void, JournalFileError["kind"]][] = [
  ["an empty file", (path) => Deno.writeTextFileSync(path, ""), "corrupt"],
  ["text", (path) => Deno.writeTextFileSync(path, "hello"), "corrupt"],
  ["a journal cut short", (path) => Deno.writeFileSync(path, encodeJournal(JOURNAL).subarray(0, 20)), "corrupt"],
  ["5000 bytes", (path) => Deno.writeFileSync(path, new Uint8Array(5000)), "read"],
  ["a directory", (path) => Deno.mkdirSync(path), "read"],
  ["a FIFO", (path) => run("mkfifo", path), "read"],
  ["/dev/zero", (path) => Deno.symlinkSync("/dev/zero", path), "read"],
];
for (const [what, make, kind] of STRANGE) {
  claim(`${what} in the place of the journal is an error of the kind "${kind}", and stays`, async () => {
    using dir = new TempDir();
    const path = dir.join("state.bin");
    make(path);
    const error = await assertRejects(() => readJournal(path), JournalFileError, `Cannot read the journal "${path}": `);
    assertEquals([error.kind, error.path, dir.entries()], [kind, path, ["state.bin"]]);
  });
}

claim("a corrupt journal does not keep the next from being written", async () => {
  using dir = new TempDir();
  Deno.writeTextFileSync(dir.join("state.bin"), "hello");
  Deno.writeTextFileSync(dir.join("state.bin.tmp"), "longer than any journal that there could be in its place, by far");
  await writeJournal(dir.join("state.bin"), JOURNAL);
  assertEquals(await readJournal(dir.join("state.bin")), JOURNAL);
});

claim("a symbolic link in the place of the temporary file is not followed", async () => {
  using dir = new TempDir();
  using victim = new Victim("precious");
  Deno.symlinkSync(victim.path, dir.join("state.bin.tmp"));
  const error = await assertRejects(() => writeJournal(dir.join("state.bin"), JOURNAL), JournalFileError);
  assertEquals([error.code, victim.untouched], ["ELOOP", true]);
});
