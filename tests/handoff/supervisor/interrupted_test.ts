import { assertEquals, assertMatch, assertThrows } from "@std/assert";
import { writeJournal } from "../../../handoff/journal_file.ts";
import { claim } from "../../support/claim.ts";
import { peer, Supervised } from "../../support/supervised.ts";
import { TempDir } from "../../support/temp_dir.ts";

const HANDOFF_ID = "00112233-4455-4677-8899-aabbccddeeff";
const LINUX = { needs: ["linux"] } as const;

claim(
  "an interrupted upgrade is told by log and history, its journal is cleared, and the next one commits",
  async () => {
    using dir = new TempDir();
    await leaveBehind(dir, undefined);
    await using supervised = await Supervised.serving(dir, peer(dir));
    assertEquals((await supervised.logged("interrupted-upgrade")).phase, "sealing");
    const { handoffId, outcome, reason } = supervised.supervisor.status().lastUpgrade!;
    assertEquals([handoffId, outcome], [HANDOFF_ID, "nobody-serves"]);
    assertMatch(reason!, /^its supervisor died in it \(the journal says sealing\); nobody served$/);
    assertThrows(() => Deno.statSync(journal(dir)), Deno.errors.NotFound);
    assertEquals((await supervised.upgrade()).outcome, "committed");
  },
  LINUX,
);

claim("the successor of an interrupted upgrade is ended before a daemon is started", async () => {
  using dir = new TempDir();
  const orphan = startProcess({ HANDOFF_ROLE: "successor", HANDOFF_CONTROL_SOCKET: dir.join(".handoff.sock") });
  await leaveBehind(dir, orphan.pid);
  await using supervised = await Supervised.serving(dir, peer(dir));
  assertEquals((await orphan.status).signal, "SIGKILL");
  const order = supervised.log.map(({ event }) => event).filter((event) => /orphan|started/.test(event));
  assertEquals(order, ["orphan-ended", "daemon-started"]);
}, LINUX);

for (
  const [who, env] of Object.entries<Record<string, string>>({
    "is no successor": {},
    "is the successor of another directory": { HANDOFF_ROLE: "successor", HANDOFF_CONTROL_SOCKET: "/another" },
  })
) {
  claim(`a process that has got the number of such a successor, and ${who}, lives on`, async () => {
    using dir = new TempDir();
    const stranger = startProcess(env);
    await leaveBehind(dir, stranger.pid);
    await using supervised = await Supervised.serving(dir, peer(dir));
    assertEquals(supervised.log.filter(({ event }) => event === "orphan-ended"), []);
    stranger.kill("SIGTERM");
    assertEquals((await stranger.status).signal, "SIGTERM");
  }, LINUX);
}

claim("a journal that cannot be read is told, cleared, and stops nothing", async () => {
  using dir = new TempDir();
  await leaveBehind(dir, undefined);
  Deno.writeTextFileSync(journal(dir), "not a journal");
  await using supervised = await Supervised.serving(dir, peer(dir));
  assertEquals((await supervised.logged("journal-failed")).path, journal(dir));
  assertThrows(() => Deno.statSync(journal(dir)), Deno.errors.NotFound);
}, LINUX);

function journal(dir: TempDir): string {
  return dir.join(".handoff.journal");
}

/** What a supervisor leaves that dies after SealComplete; its incumbent is dead, too. */
async function leaveBehind(dir: TempDir, successorPid: number | undefined): Promise<void> {
  const dead = new Deno.Command("true").spawn();
  await dead.status;
  Deno.writeTextFileSync(dir.join(".handoff.supervisor.lock"), "1\n");
  await writeJournal(journal(dir), {
    handoffId: HANDOFF_ID,
    phase: "sealing",
    incumbentPid: dead.pid,
    successorPid,
    startedAtUnixMs: BigInt(Date.now()),
  });
}

/** A process that does nothing until it is killed. It has the environment from the first: spawn returns after exec. */
function startProcess(env: Record<string, string>): Deno.ChildProcess {
  return new Deno.Command("sleep", { args: ["600"], env, stdin: "null" }).spawn();
}
