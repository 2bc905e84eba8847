import { assert, assertEquals, assertMatch, assertNotEquals, assertStringIncludes } from "@std/assert";
import { Child } from "../support/child.ts";
import { claim } from "../support/claim.ts";
import { handoff, handoffLine } from "../support/command.ts";
import { holding } from "../support/holding.ts";
import { peer } from "../support/supervised.ts";
import { SupervisorProcess } from "../support/supervisor_process.ts";
import { TempDir } from "../support/temp_dir.ts";
import { Terminal } from "../support/terminal.ts";

/** Of a terminal that does not tell its width. */
const WIDTH = 80;

const NEEDS_TERMINAL = { needs: ["python3"] } as const;

/** The first character of every sequence that colours text. */
const ESCAPE = "\x1b";
/** Erases the rest of a row, as part of a regular expression. */
const ERASE = "\x1b\\[K";

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
  assert(
    screen.startsWith(`held; the pidfile names process ${holder.pid}, and a process ${holder.pid} is alive\r\n`),
    screen,
  );
}, NEEDS_TERMINAL);

claim("upgrade shows its phases on a terminal as they grow, and its last words are that it committed", async () => {
  using dir = new TempDir();
  await using supervisor = await SupervisorProcess.serving(dir, peer(dir));
  const { pid } = await supervisor.ask();
  await using terminal = new Terminal(handoffLine(["upgrade", dir.path, "--", ...peer(dir, "--successor=slow1500")]));
  const screen = await terminal.ended();
  const shown = (phase: string) => [...screen.matchAll(new RegExp(`\r${phase} .* (\\d+) ms${ERASE}`, "g"))];
  // What is rewritten while it lasts has more milliseconds each time.
  const [first, last] = [shown("open").at(0)!, shown("open").at(-1)!].map(([, ms]) => Number(ms));
  assert(first < last, `${first} ms, ${last} ms`);
  assertEquals(rows(screen).map((row) => row.replace(/ {2,}.* +\d+ ms$/, " N ms")), [
    ...["start", "drain", "seal", "open", "commit"].map((phase) => `${phase} N ms`),
    "committed",
  ]);
  assertNotEquals((await supervisor.ask()).pid, pid);
}, { needs: ["linux", "python3"] });

claim("supervise writes its log for people on a terminal, and no escape sequences", async () => {
  using dir = new TempDir();
  await using terminal = new Terminal(
    handoffLine(["supervise", "--dir", dir.path, "--listen", "http=127.0.0.1:0", "--", ...peer(dir)]),
  );
  const screen = await terminal.shows(/daemon-serves .*\r\n/);
  assertMatch(screen, /^\d\d:\d\d:\d\d daemon-serves pid=\d+ build="test"\r\n/m);
  assertEquals(screen.includes(ESCAPE), false);
  assertEquals((await handoff(["stop", dir.path])).code, 0);
  await terminal.ended();
}, { needs: ["linux", "python3"] });

/** What a terminal has on its rows in the end: a carriage return writes over the row. */
function rows(screen: string): string[] {
  const lines = screen.trimEnd().split("\r\n");
  return lines.map((line) => line.split("\r").at(-1)!.replaceAll("\x1b[K", ""));
}
