import { assertEquals } from "@std/assert";
import { Child } from "../support/child.ts";
import { claim } from "../support/claim.ts";
import { ForeignHolder } from "../support/foreign_holder.ts";
import { untilInotifyLeft } from "../support/inotify.ts";
import { inTime } from "../support/patience.ts";
import { TempDir } from "../support/temp_dir.ts";

const PROCESSES = 5;
const WRITERS_EACH = 10;

claim("of 50 that wait for one directory, in five processes, each gets its turn, and one at a time", async () => {
  using dir = new TempDir();
  await untilInotifyLeft(2 * PROCESSES * WRITERS_EACH);
  await using children = new AsyncDisposableStack();
  const args = [dir.path, String(WRITERS_EACH)];
  const processes = Array.from({ length: PROCESSES }, () => children.use(new Child("writers.ts", { args })));
  using holder = new DisposableStack();
  holder.use(new ForeignHolder(dir.path));
  await Promise.all(processes.map((process) => process.ask("write")));
  holder.dispose();
  const reports = await inTime(Promise.all(processes.map((process) => process.next())));
  assertEquals(reports.map((report) => report.event), processes.map(() => "written"));
  const lines = Deno.readTextFileSync(dir.join("journal")).trimEnd().split("\n");
  const turns = lines.filter((line) => line.endsWith(" comes")).map((line) => line.split(" ")[0]);
  assertEquals(new Set(turns).size, PROCESSES * WRITERS_EACH);
  assertEquals(lines, turns.flatMap((writer) => [`${writer} comes`, `${writer} leaves`]));
  assertEquals(dir.entries(), [".handoff.lock", "journal"]);
});
