import { assertEquals } from "@std/assert";
import { Restarts } from "../../../handoff/supervisor/restart.ts";
import { encodeSuccession, parseEstate } from "../../../handoff/supervisor/succession.ts";
import { claim } from "../../support/claim.ts";

const OLD = ["old"];
const NEW = ["new"];

function delays(restarts: Restarts, deaths: number): number[] {
  return Array.from({ length: deaths }, () => restarts.died()).map((verdict) =>
    "delayMs" in verdict ? verdict.delayMs : NaN
  );
}

claim("the pause before a restart begins at 0.1 s, doubles, and ends at 30 s", () => {
  const restarts = new Restarts(OLD, { maxRestarts: 100 });
  assertEquals(delays(restarts, 11), [100, 200, 400, 800, 1_600, 3_200, 6_400, 12_800, 25_600, 30_000, 30_000]);
});

claim("a daemon that has proved itself ends a row of deaths", () => {
  const restarts = new Restarts(OLD, { maxRestarts: 2 });
  assertEquals(delays(restarts, 2), [100, 200]);
  restarts.proved();
  assertEquals(delays(restarts, 2), [100, 200]);
});

claim("the death after max_restarts in a row is the last", () => {
  const restarts = new Restarts(OLD, { maxRestarts: 2 });
  delays(restarts, 2);
  assertEquals(restarts.died(), { giveUpAfter: 3 });
});

claim("a committed command that has never proved itself is given up at its second death for the last good one", () => {
  const restarts = new Restarts(OLD, { maxRestarts: 8 });
  restarts.proved();
  restarts.committed(NEW);
  assertEquals(restarts.died(), { command: NEW, delayMs: 100 });
  assertEquals(restarts.died(), { command: OLD, delayMs: 200, reverted: NEW });
  assertEquals(restarts.command, OLD);
});

claim("a command that has proved itself is not given up", () => {
  const restarts = new Restarts(OLD, { maxRestarts: 8 });
  restarts.proved();
  restarts.committed(NEW);
  restarts.proved();
  assertEquals([restarts.died(), restarts.died()].map((verdict) => "command" in verdict && verdict.command), [
    NEW,
    NEW,
  ]);
});

claim("without a good command before it, a command that dies is started again", () => {
  const restarts = new Restarts(OLD, { maxRestarts: 8 });
  restarts.committed(NEW);
  assertEquals([restarts.died(), restarts.died()].map((verdict) => "command" in verdict && verdict.command), [
    NEW,
    NEW,
  ]);
});

claim("the command before is the last good one, also after the present one has proved itself", () => {
  const restarts = new Restarts(OLD, { maxRestarts: 8 });
  assertEquals(restarts.before, undefined);
  restarts.proved();
  restarts.committed(NEW);
  restarts.proved();
  assertEquals(restarts.before, OLD);
  restarts.committed(OLD);
  assertEquals(restarts.before, NEW);
});

claim("a command that never proved itself is not gone back to", () => {
  const restarts = new Restarts(OLD, { maxRestarts: 8 });
  restarts.proved();
  restarts.committed(["bad"]);
  restarts.committed(NEW);
  assertEquals(restarts.before, OLD);
});

claim("a build id stays with its command when another supervisor takes over, and when the command is reverted", () => {
  const restarts = new Restarts(["a"], { maxRestarts: 9, buildId: "one" });
  restarts.proved();
  restarts.committed(["a"], "two");
  const known = { generation: 0, restartCount: 0, history: [], daemonSinceMs: 0 };
  const line = encodeSuccession({ v: 1, listeners: [], state: { restarts: restarts.state(), ...known } });
  const heir = new Restarts(["x"], { maxRestarts: 9, buildId: "x" });
  heir.restore(parseEstate(new TextDecoder().decode(line).trimEnd()).state.restarts);
  assertEquals([heir.buildId, heir.beforeBuildId], ["two", "one"]);
  heir.died();
  assertEquals(heir.buildId, "two");
  heir.died();
  assertEquals([heir.buildId, heir.beforeBuildId], ["one", undefined]);
});
