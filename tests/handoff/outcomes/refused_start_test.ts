import { assertEquals, assertMatch } from "@std/assert";
import { fromFileUrl } from "@std/path";
import { commandLine } from "../../support/child.ts";
import { claim, type Requirement } from "../../support/claim.ts";
import { handoff } from "../../support/command.ts";
import { ForeignHolder } from "../../support/foreign_holder.ts";
import { TempDir } from "../../support/temp_dir.ts";

/** What `handoff supervise` refuses. */
interface Refused {
  readonly what: string;
  /** Its arguments, with whatever must stand there first; the command is added. */
  args(dir: TempDir): readonly string[];
  readonly tells: RegExp;
  readonly needs?: readonly Requirement[];
}

const AS_NOBODY = fromFileUrl(new URL("programs/nobody_supervisor.ts", import.meta.url));
const LISTEN = ["--listen", "http=127.0.0.1:0"];

const REFUSED: readonly Refused[] = [
  {
    what: "a control socket's path that a file has taken",
    args: (dir) => {
      Deno.writeTextFileSync(dir.join(".handoff.sock"), "mine\n");
      return LISTEN;
    },
    tells: /"[^"]*\/\.handoff\.sock".*no socket/,
  },
  {
    what: "a trigger socket's path that a file has taken",
    args: (dir) => {
      Deno.writeTextFileSync(dir.join(".handoff.supervisor.sock"), "mine\n");
      return LISTEN;
    },
    tells: /"[^"]*\/\.handoff\.supervisor\.sock".*no socket/,
  },
  {
    what: "a trigger socket's path whose name is too long",
    args: (dir) => [...LISTEN, "--trigger-socket", dir.join("s".repeat(120))],
    tells: /has \d+ bytes: at most 107 are allowed/,
  },
  {
    what: "a control socket's path whose name is too long",
    args: (dir) => [...LISTEN, "--control-socket", dir.join("s".repeat(120))],
    tells: /has \d+ bytes: at most 107 are allowed/,
  },
  {
    what: "a trigger socket in a directory in which every user may write",
    args: (dir) => {
      Deno.mkdirSync(dir.join("open"));
      Deno.chmodSync(dir.join("open"), 0o777);
      return [...LISTEN, "--trigger-socket", dir.join("open/sock")];
    },
    tells: /every user may write in/,
  },
  { what: "a listener without a name", args: () => ["--listen", "127.0.0.1:0"], tells: /--listen.*127\.0\.0\.1:0/ },
  { what: "two listeners of one name", args: () => [...LISTEN, ...LISTEN], tells: /two of the name "http"/ },
];

for (const { what, args, tells, needs = [] } of REFUSED) {
  claim(`supervise refuses ${what} with 2 and one sentence, and starts and leaves nothing`, async () => {
    using dir = new TempDir();
    const line = args(dir);
    await assertRefused(dir, [...line, "--", "touch", dir.join("started")], { code: 2, tells });
  }, { needs: ["linux", ...needs] });
}

claim(
  "supervise refuses an address that is in use with 2 and one sentence, and starts and leaves nothing",
  async () => {
    using dir = new TempDir();
    using taken = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    const line = ["--listen", `http=127.0.0.1:${taken.addr.port}`, "--", "touch", dir.join("started")];
    await assertRefused(dir, line, { code: 2, tells: /address is in use/ });
  },
  { needs: ["linux"] },
);

claim("supervise refuses to supervise no command with 2 and one sentence, and leaves nothing", async () => {
  using dir = new TempDir();
  await assertRefused(dir, LISTEN, { code: 2, tells: /the command is missing/ });
}, { needs: ["linux"] });

claim(
  "supervise refuses a directory that it may not read with 2 and one sentence, and starts and leaves nothing",
  async () => {
    using dir = new TempDir();
    const line = ["supervise", "--dir", dir.path, ...LISTEN, "--", "touch", dir.join("started")];
    const [program, ...args] = commandLine(AS_NOBODY, { args: line });
    const { code, stderr } = await new Deno.Command(program, { args, env: { NO_COLOR: "1" }, stdin: "null" }).output();
    assertMatch(new TextDecoder().decode(stderr), /^handoff: [^\n]*ermission denied[^\n]*\n$/);
    assertEquals([code, dir.entries()], [2, []]);
  },
  { needs: ["linux", "root"] },
);

claim("supervise refuses a directory that a stranger holds with 75 and one sentence, and starts nothing", async () => {
  using dir = new TempDir();
  using _stranger = new ForeignHolder(dir.path);
  const line = [...LISTEN, "--", "touch", dir.join("started")];
  await assertRefused(dir, line, { code: 75, tells: /is held, .*its holder is unknown/ });
}, { needs: ["linux"] });

claim("upgrade of a directory without a supervisor exits with 2, and one sentence that says so", async () => {
  using dir = new TempDir();
  const { code, stderr } = await handoff(["upgrade", dir.path]);
  assertEquals(code, 2);
  assertMatch(stderr, /^handoff: No supervisor answers at ".*"\n$/);
}, { needs: ["linux"] });

async function assertRefused(
  dir: TempDir,
  line: readonly string[],
  { code, tells }: { readonly code: number; readonly tells: RegExp },
): Promise<void> {
  const before = dir.entries();
  const outcome = await handoff(["supervise", "--dir", dir.path, ...line]);
  assertMatch(outcome.stderr, tells);
  assertMatch(outcome.stderr, /^handoff: [^\n]*\n$/);
  assertEquals(outcome.code, code);
  assertEquals(dir.entries(), before);
}
