import { assertEquals, assertMatch, assertThrows } from "@std/assert";
import { DataDirLock, HandoffError, LockHeldError, SyscallError } from "@scope/handoff";
import { main } from "../../cli.ts";
import { printableJson, printableText } from "../../ffi/printable.ts";
import { captured } from "../support/captured.ts";
import { Child } from "../support/child.ts";
import { claim } from "../support/claim.ts";
import { handoff, startHandoff } from "../support/command.ts";
import { ForeignHolder } from "../support/foreign_holder.ts";
import { TempDir } from "../support/temp_dir.ts";
import { untilWatching } from "../support/watching.ts";

/** One of each kind: an ANSI sequence, a new line, DEL, a C1 control, what reorders text, a line separator. */
const NASTY = "\x1b[2J\n\x7f\x9b\u202e\u2066\u2028";
const ESCAPED = "\\u001b[2J\\n\\u007f\\u009b\\u202e\\u2066\\u2028";

// deno-lint-ignore no-control-regex -- these are what may not be there
const UNPRINTABLE = /[\0-\x09\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/;

claim("every control character and everything that reorders text is escaped, and nothing else is changed", () => {
  for (let code = 0; code <= 0xffff; code++) {
    const char = String.fromCharCode(code);
    const escaped = UNPRINTABLE.test(char) || char === "\n";
    const expected = escaped ? `\\u${code.toString(16).padStart(4, "0")}` : char;
    assertEquals(printableText(char), expected);
  }
});

claim("printable JSON means the same", () => {
  assertEquals(JSON.parse(printableJson({ [NASTY]: [NASTY] })), { [NASTY]: [NASTY] });
});

claim("an error of this module has no control character in its message, whatever the path is", () => {
  using dir = new TempDir();
  const path = dir.join(NASTY);
  using lock = DataDirLock.acquireSync(path);
  const errors = [
    assertThrows(() => DataDirLock.acquireSync(path), LockHeldError),
    // Deno's own words have the path in them, too.
    assertThrows(() => DataDirLock.acquireSync(`${path}/.handoff.lock`)),
    assertThrows(() => DataDirLock.acquireSync(`${path}\0`), TypeError),
    new HandoffError(path),
    new SyscallError("lock", { syscall: "flock", errno: 37, path }),
  ] as Error[];
  lock.releaseSync();
  errors.push(assertThrows(() => lock.verify(), HandoffError));
  for (const { message } of errors) {
    assertEquals(UNPRINTABLE.test(message) || message.includes("\n"), false, printableJson(message));
    assertMatch(message, /u202e/);
  }
});

claim("a warning that a lock looks stale has no control character in it", async () => {
  using dir = new TempDir();
  Deno.mkdirSync(dir.join(NASTY));
  using _holder = new ForeignHolder(dir.join(NASTY));
  const { stderr } = await handoff(["run", "--break-stale", dir.join(NASTY), "--", "true"]);
  assertEquals([UNPRINTABLE.test(stderr), stderr.match(/\n/g)?.length], [false, 2], printableJson(stderr));
});

for (const line of ["NASTY", "status NASTY/file", "status --NASTY D", "run D -- NASTY", "wait D NASTY"]) {
  claim(`"handoff ${line}" writes one line, without control characters, to standard error`, async () => {
    using dir = new TempDir();
    Deno.writeTextFileSync(dir.join("file"), "");
    const args = line.split(" ").map((word) => word.replace("NASTY/file", `${dir.join("file")}/${NASTY}`))
      .map((word) => word.replace("NASTY", NASTY)).map((word) => word === "D" ? dir.path : word);
    const { stdout, stderr } = await captured(() => main(args));
    assertEquals(
      [stdout, UNPRINTABLE.test(stderr), stderr.match(/\n/g)?.length],
      ["", false, 1],
      printableJson(stderr),
    );
  });
}

claim(
  "status, status --json and the line of those who wait escape directory and command line of the holder",
  async () => {
    using dir = new TempDir();
    const path = dir.join(NASTY);
    await using holder = new Child("holder.ts", { args: [path, NASTY] });
    await holder.ask("acquire");
    const status = await handoff(["status", path]);
    assertEquals([UNPRINTABLE.test(status.stdout), status.stdout.split(ESCAPED).length - 1], [false, 3], status.stdout);
    const { stdout } = await handoff(["status", "--json", path]);
    assertEquals([UNPRINTABLE.test(stdout), JSON.parse(stdout).dataDir], [false, path]);
    await using waiting = startHandoff(["wait", path]);
    await untilWatching(waiting.pid, path);
    await holder.ask("release");
    await waiting.status;
    const stderr = await waiting.stderr;
    assertEquals([UNPRINTABLE.test(stderr), stderr.split(ESCAPED).length - 1], [false, 2], stderr);
  },
);
