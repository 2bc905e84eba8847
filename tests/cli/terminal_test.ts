import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { Child } from "../support/child.ts";
import { claim } from "../support/claim.ts";
import { handoff, handoffLine } from "../support/command.ts";
import { holding } from "../support/holding.ts";
import { TempDir } from "../support/temp_dir.ts";
import { Terminal } from "../support/terminal.ts";

/** Of a terminal that does not tell its width. */
const WIDTH = 80;

const NEEDS_TERMINAL = { needs: ["python3"] } as const;

/** The first character of every sequence that colours text. */
const ESCAPE = "\x1b";

claim("status has colours on a terminal", async () => {
  using dir = new TempDir();
  await using terminal = new Terminal(handoffLine(["status", dir.path]));
  assertStringIncludes(await terminal.ended(), `${ESCAPE}[32m`);
}, NEEDS_TERMINAL);

claim("status has no colours on a terminal under NO_COLOR", async () => {
  using dir = new TempDir();
  await using terminal = new Terminal(handoffLine(["status", dir.path]), { noColor: true });
  const screen = await terminal.ended();
  assertEquals([screen.startsWith("free"), screen.includes(ESCAPE)], [true, false]);
}, NEEDS_TERMINAL);

claim("status has no colours without a terminal", async () => {
  using dir = new TempDir();
  const { stdout } = await handoff(["status", dir.path], { prefix: ["env", "--unset=NO_COLOR"] });
  assertEquals([stdout.startsWith("free"), stdout.includes(ESCAPE)], [true, false]);
});

for (const args of [["wait"], ["run", "--wait"]]) {
  claim(`${args.join(" ")} shows on a terminal who is being waited for and for how long, in one line`, async () => {
    using dir = new TempDir();
    await using holder = await holding(dir);
    const command = args[0] === "run" ? ["--", "true"] : [];
    await using terminal = new Terminal(handoffLine([...args, dir.path, ...command]));
    // On a busy machine the first look may be late.
    const [, seconds] = /\rwaiting (\d+) s/.exec(await terminal.shows(/\rwaiting \d+ s/)) ?? [];
    await terminal.shows(`\rwaiting ${seconds} s for process ${holder.pid}: ${Deno.execPath()} run`.slice(0, WIDTH));
    const later = new RegExp(`\rwaiting (?!${seconds} s)\\d+ s for process ${holder.pid}`);
    const screen = await terminal.shows(later);
    assertEquals([screen.includes("\n"), screen.includes(ESCAPE)], [false, false]);
  }, NEEDS_TERMINAL);
}

claim("the waiting line is no longer than the terminal is wide", async () => {
  using dir = new TempDir();
  await using holder = new Child("holder.ts", { args: [dir.path, "an argument of ".repeat(10)] });
  await holder.ask("acquire");
  await using terminal = new Terminal(handoffLine(["wait", dir.path]));
  await terminal.shows("waiting ");
  await holder.ask("release");
  const [, line] = (await terminal.ended()).split("\r");
  assertEquals(line.length, WIDTH - 1);
}, NEEDS_TERMINAL);

claim("the waiting line is gone when the wait is over", async () => {
  using dir = new TempDir();
  await using holder = await holding(dir);
  await using terminal = new Terminal(handoffLine(["wait", dir.path]));
  await terminal.shows("waiting");
  await holder.ask("release");
  assert((await terminal.ended()).endsWith(`\r${" ".repeat(WIDTH - 1)}\r`));
}, NEEDS_TERMINAL);

claim("status asks for no permission on a terminal", async () => {
  using dir = new TempDir();
  await using holder = await holding(dir);
  const line = handoffLine(["status", dir.path]).map((word) => word === "-A" ? `--allow-read=${dir.path}` : word);
  const asking = line.map((word) => word === "--no-prompt" ? "--allow-ffi" : word);
  await using terminal = new Terminal(asking, { noColor: true });
  const screen = await terminal.ended();
  assert(screen.startsWith(`held by process ${holder.pid}, which is alive\r\n`), screen);
}, NEEDS_TERMINAL);
