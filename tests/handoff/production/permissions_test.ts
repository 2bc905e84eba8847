import { assertEquals, assertNotEquals } from "@std/assert";
import { fromFileUrl } from "@std/path";
import { DataDirLock } from "../../../mod.ts";
import { Child, commandLine } from "../../support/child.ts";
import { claim } from "../../support/claim.ts";
import { handoff } from "../../support/command.ts";
import { SupervisorProcess } from "../../support/supervisor_process.ts";
import { TempDir } from "../../support/temp_dir.ts";
import { daemon, freePort } from "./daemons.ts";

const DAEMON = fromFileUrl(new URL("programs/plain_daemon.ts", import.meta.url));
const LINUX = { needs: ["linux"] } as const;

/** Tests run without colours, which is not what a user's environment says. */
const COLOURED = ["env", "--unset=NO_COLOR"];

/** The flags of each row of the table in docs/operations.md, by its first cell. */
const TABLE = new Map(
  [...section("Permissions").matchAll(/^\| (.+?) +\| `(.+)` +\|$/gm)].map(([, who, flags]) => [who, flags.split(" ")]),
);

claim("the table of docs/operations.md has a row for each that is tested here, and no other", () => {
  assertEquals([...TABLE.keys()], [
    "a daemon by itself",
    "a daemon that is passed its listeners",
    "`status`, `wait`",
    "`run`",
    "`upgrade`, `rollback`, `history`, `restart`, `stop`",
    "`supervise`",
  ]);
});

claim("a daemon by itself serves with the flags of its row, and with none of them less", async () => {
  using dir = new TempDir();
  const address = `127.0.0.1:${freePort()}`;
  const flags = flagsOf("a daemon by itself", { DIR: dir.path });
  const serves = async (permissions: readonly string[]) => {
    await using child = new Child(DAEMON, { args: [dir.path, address], permissions, prefix: COLOURED });
    const report = await child.next().catch(() => undefined);
    if (report?.event !== "serving") return false;
    return (await (await fetch(`http://${address}/`)).json()).pid === child.pid;
  };
  assertEquals(await serves(flags), true);
  for (const flag of flags) assertEquals(await serves(flags.filter((other) => other !== flag)), false, flag);
}, LINUX);

claim("a daemon that is passed its listeners is upgraded with the flags of its row", async () => {
  using dir = new TempDir();
  const permissions = flagsOf("a daemon that is passed its listeners", { DIR: dir.path });
  const command = commandLine(DAEMON, { args: [dir.path, "127.0.0.1:0"], permissions });
  await using supervisor = await SupervisorProcess.serving(dir, command);
  const { pid } = await supervisor.ask();
  const { code, stderr } = await handoff(["upgrade", dir.path]);
  assertEquals(code, 0, stderr);
  assertNotEquals((await supervisor.ask()).pid, pid);
}, LINUX);

for (const args of [["upgrade"], ["upgrade", "--check"], ["history"], ["restart"], ["stop"]]) {
  claim(`${args.join(" ")} works with the flags of its row, and with none of them less`, async () => {
    using dir = new TempDir();
    await using _supervisor = await SupervisorProcess.serving(dir, daemon(dir));
    const permissions = flagsOf("`upgrade`, `rollback`, `history`, `restart`, `stop`", { DIR: dir.path });
    for (const flag of permissions) {
      const fewer = permissions.filter((other) => other !== flag);
      assertNotEquals((await handoff([...args, dir.path], { permissions: fewer })).code, 0, flag);
    }
    const { code, stderr } = await handoff([...args, dir.path], { permissions });
    assertEquals(code, 0, stderr);
  }, LINUX);
}

claim("rollback works with the flags of its row", async () => {
  using dir = new TempDir();
  await using supervisor = await SupervisorProcess.serving(dir, daemon(dir));
  // A soak proves the second to be good, so that there is something to go back to.
  for (const [build, ...soak] of [["second", "--soak=0.1"], ["third"]]) {
    assertEquals((await handoff(["upgrade", ...soak, dir.path, "--", ...daemon(dir, build)])).code, 0);
  }
  const permissions = flagsOf("`upgrade`, `rollback`, `history`, `restart`, `stop`", { DIR: dir.path });
  const { code, stderr } = await handoff(["rollback", dir.path], { permissions });
  assertEquals(code, 0, stderr);
  assertEquals((await supervisor.ask()).build, "second");
}, LINUX);

for (const command of ["status", "wait"]) {
  claim(`${command} works with the flags of its row, and with none of them less`, async () => {
    using dir = new TempDir();
    (await DataDirLock.acquire(dir.path)).release();
    const permissions = flagsOf("`status`, `wait`", { DIR: dir.path });
    assertEquals((await handoff([command, dir.path], { permissions })).code, 0);
    for (const flag of permissions) {
      const fewer = permissions.filter((other) => other !== flag);
      assertNotEquals((await handoff([command, dir.path], { permissions: fewer })).code, 0, flag);
    }
  }, LINUX);
}

claim("run works with the flags of its row, and with none of them less", async () => {
  using dir = new TempDir();
  const permissions = flagsOf("`run`", { DIR: dir.path, COMMAND: "/bin/true" });
  const args = ["run", dir.path, "--", "/bin/true"];
  assertEquals((await handoff(args, { permissions })).code, 0);
  for (const flag of permissions) {
    const fewer = permissions.filter((other) => other !== flag);
    assertNotEquals((await handoff(args, { permissions: fewer })).code, 0, flag);
  }
}, LINUX);

function flagsOf(who: string, words: Readonly<Record<string, string>>): string[] {
  return TABLE.get(who)!.map((flag) =>
    Object.entries(words).reduce((text, [word, value]) => text.replace(`=${word}`, `=${value}`), flag)
  );
}

function section(title: string): string {
  const text = Deno.readTextFileSync(new URL("../../../docs/operations.md", import.meta.url));
  return text.split(`\n## ${title}\n`)[1].split("\n## ")[0];
}
