import { assertEquals, assertMatch } from "@std/assert";
import { claim } from "../../support/claim.ts";
import { peer, Supervised } from "../../support/supervised.ts";
import { TempDir } from "../../support/temp_dir.ts";

/** A successor that must not be committed. */
interface Broken {
  readonly what: string;
  readonly fault: string;
  /** What the reason must name. */
  readonly reason: RegExp;
  /** Where only the end of the time shows it. */
  readonly deadlineMs?: number;
}

const BROKEN: readonly Broken[] = [
  { what: "throws when it starts", fault: "throws", reason: /exited with code 1 before it said Hello/ },
  { what: "exits with 0 before it said Hello", fault: "exits", reason: /exited with code 0 before it said Hello/ },
  { what: "never says Hello", fault: "hangs", reason: /did not say Hello: the time was up/, deadlineMs: 1_500 },
  { what: "writes garbage", fault: "garbage", reason: /did not say Hello: Cannot (read|decode)/ },
  { what: "writes half a frame", fault: "half-frame", reason: /did not say Hello: the time was up/, deadlineMs: 3_000 },
  { what: "writes a frame of more than 1 MiB", fault: "huge-frame", reason: /a frame of 1048577 bytes/ },
  { what: "throws when its turn has come", fault: "throws-in-open", reason: /exited with code 1 before it served/ },
  { what: "is killed before it serves", fault: "kills-itself", reason: /ended by signal 9 .* before it served/ },
  { what: "never serves", fault: "never-ready", reason: /did not say Ready: it gave no sign of life for 10 s/ },
  { what: "is not healthy", fault: "unhealthy", reason: /not healthy/ },
  { what: "opened an older revision", fault: "older", reason: /older state: revision 6 of shard 0, and 7 was sealed/ },
  { what: "speaks of another handoff", fault: "another-handoff", reason: /its Ready is of another handoff/ },
];

for (const { what, fault, reason, deadlineMs } of BROKEN) {
  claim(`a successor that ${what} is rolled back, and the next upgrade is committed`, async () => {
    using dir = new TempDir();
    await using supervised = await Supervised.serving(dir, peer(dir, "--build=old"));
    const before = await supervised.ask();
    const outcome = await supervised.upgrade({ command: peer(dir, `--successor=${fault}`), deadlineMs });
    assertEquals(outcome.outcome, "rolled-back");
    assertMatch(outcome.reason!, reason);
    const { pid, build } = await supervised.ask();
    assertEquals({ pid, build }, { pid: before.pid, build: "old" });
    assertEquals((await supervised.upgrade({ command: peer(dir, "--build=new") })).outcome, "committed");
    assertEquals((await supervised.ask()).build, "new");
    assertEquals(dir.entries().filter((name) => /journal|stderr/.test(name)), []);
  }, { needs: ["linux"] });
}

claim("a successor that takes long, and gives signs of life, is committed", async () => {
  using dir = new TempDir();
  await using supervised = await Supervised.serving(dir, peer(dir));
  const { outcome, phases } = await supervised.upgrade({ command: peer(dir, "--build=new", "--successor=slow1500") });
  assertEquals([outcome, phases.open! >= 1_500], ["committed", true]);
  assertEquals((await supervised.ask()).build, "new");
}, { needs: ["linux"] });

claim("a successor behind a wrapper that does not exec is rolled back, and the reason says what to do", async () => {
  using dir = new TempDir();
  await using supervised = await Supervised.serving(dir, peer(dir));
  const line = peer(dir).map((word) => `'${word}'`).join(" ");
  const { outcome, reason } = await supervised.upgrade({ command: ["/bin/sh", "-c", `${line}; true`] });
  assertEquals(outcome, "rolled-back");
  assertMatch(reason!, /a wrapper must exec the daemon/);
}, { needs: ["linux"] });

claim("a successor that cannot be started is rolled back, and the reason names the program", async () => {
  using dir = new TempDir();
  await using supervised = await Supervised.serving(dir, peer(dir));
  const { outcome, reason } = await supervised.upgrade({ command: [dir.join("none")] });
  assertEquals(outcome, "rolled-back");
  assertMatch(reason!, /Cannot start ".*\/none": .*ENOENT/);
}, { needs: ["linux"] });

claim("a rollback tells the last lines that the successor wrote to its standard error", async () => {
  using dir = new TempDir();
  await using supervised = await Supervised.serving(dir, peer(dir));
  const { stderr } = await supervised.upgrade({ command: peer(dir, "--successor=throws") });
  assertMatch(stderr!.join("\n"), /this build cannot start/);
}, { needs: ["linux"] });
