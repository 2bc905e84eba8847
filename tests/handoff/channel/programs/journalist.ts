/** Writes a journal, reports it, and removes it when its standard input ends. */
import { clearJournal, writeJournal } from "../../../../handoff/journal_file.ts";
import { commands, report } from "../../../programs/report.ts";

const [path] = Deno.args;
const handoffId = "00112233-4455-6677-8899-aabbccddeeff";
await writeJournal(path, { handoffId, phase: "draining", incumbentPid: Deno.pid, startedAtUnixMs: 0n });
report("written");
for await (const _ of commands());
await clearJournal(path);
