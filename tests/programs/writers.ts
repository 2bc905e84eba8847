/**
 * With each line on its standard input, as many writers as the second argument says wait at once for the directory in the
 * first. Each puts down in `journal` when it comes and when it leaves. Reports when all wait, and when all have had their
 * turn.
 */
import { DataDirLock } from "@scope/handoff";
import { commands, report } from "./report.ts";

const [dataDir, count] = Deno.args;

for await (const _line of commands()) {
  const writers = Array.from({ length: Number(count) }, (_, index) => write(`${Deno.pid}.${index}`));
  report("waiting");
  await Promise.all(writers);
  report("written");
}

async function write(writer: string): Promise<void> {
  await using lock = await DataDirLock.acquire(dataDir, { timeout: Infinity });
  const journal = `${lock.dataDir}/journal`;
  await Deno.writeTextFile(journal, `${writer} comes\n`, { append: true });
  await Deno.writeTextFile(journal, `${writer} leaves\n`, { append: true });
}
