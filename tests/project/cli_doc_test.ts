import { assertEquals } from "@std/assert";
import { parse } from "@std/toml/parse";
import { main } from "../../cli.ts";
import { exitCodeFor } from "../../cli/trigger.ts";
import type { UpgradeOutcome } from "../../handoff/protocol/trigger.ts";
import { CONFIG_KEYS, readConfig } from "../../handoff/supervisor/config.ts";
import { captured } from "../support/captured.ts";
import { claim } from "../support/claim.ts";

const TEXT = Deno.readTextFileSync(new URL("../../docs/cli.md", import.meta.url));
/** The cells of each table row whose first cell is code, by that code. */
const ROWS = [...TEXT.matchAll(/^\| (`.*?) *\|(.*)\|$/gm)].map(([, first, rest]) => ({
  names: [...first.matchAll(/`([^`]+)`/g)].map(([, name]) => name),
  cells: rest.split("|").map((cell) => cell.trim()),
}));
const COMMANDS = [...(await helpOf()).matchAll(/^ {2}([a-z]+) {2,}/gm)].map(([, name]) => name);
const OUTCOMES: readonly UpgradeOutcome[] = ["committed", "rolled-back", "nothing-begun", "nobody-serves", "busy"];

for (const command of COMMANDS) {
  claim(`docs/cli.md gives the exit codes of "handoff ${command} --help"`, async () => {
    const [, codes] = /^exit code: (.*?)\n\n/ms.exec(await helpOf(command))!;
    assertEquals(codesIn(row(command)[1]), codesIn(codes));
  });
}

claim("docs/cli.md gives the exit code of each outcome of an upgrade", () => {
  assertEquals(OUTCOMES.map((outcome) => row(outcome)[0]), OUTCOMES.map((outcome) => `${exitCodeFor({ outcome })}`));
});

claim("docs/cli.md documents each key of a configuration", () => {
  const told = ROWS.flatMap(({ names }) => names);
  assertEquals(CONFIG_KEYS.filter((key) => !told.includes(key)), []);
});

claim("docs/cli.md gives the default of each time, and of max_restarts", () => {
  const config = readConfig({ data_dir: "/d", binary: "b" });
  assertEquals(
    ["deadline_secs", "drain_grace_secs", "soak_secs", "exit_grace_secs", "stop_timeout_secs"].map((key) =>
      Number(row(key)[1]) * 1000
    ),
    [config.deadlineMs, config.drainGraceMs, config.soakMs, config.exitGraceMs, config.stopTimeoutMs],
  );
  assertEquals(Number(row("max_restarts")[1]), config.maxRestarts);
});

claim("the configuration that docs/cli.md shows can be used", () => {
  const [, toml] = /^```toml\n(.*?)^```$/ms.exec(TEXT)!;
  assertEquals(readConfig(parse(toml)).soakMs, 5000);
});

/** What stands in the row of a name, behind it. */
function row(name: string): string[] {
  return ROWS.find(({ names }) => names.includes(name))!.cells;
}

async function helpOf(...command: string[]): Promise<string> {
  return (await captured(() => main([...command, "--help"]))).stdout;
}

/** The exit codes that a text names, in order of their size. */
function codesIn(text: string): string[] {
  return [...new Set(text.match(/128\+n|(?<![\d+])\d+/g))].sort();
}
