import { assertEquals } from "@std/assert";
import { readJournal } from "../../../handoff/journal_file.ts";
import { SAME_SIGNAL_MS } from "../../../handoff/timeouts.ts";
import { claim } from "../../support/claim.ts";
import { Deployment } from "../../support/deployment.ts";
import type { Hold } from "../../support/hold.ts";
import { killIfAlive } from "../../support/detached.ts";
import { until } from "../../support/patience.ts";

/** Moments of an upgrade, by the points that the daemons come to. */
const MOMENTS = ["start-successor", "drain", "seal", "open-successor"];

/** Who gets SIGTERM. */
const STOPS: Readonly<Record<string, (deployment: Deployment, hold: Hold) => Promise<void> | void>> = {
  "sent to the supervisor": ({ supervisor }, hold) => {
    supervisor.kill("SIGTERM");
    hold.release();
  },
  "sent to all at once": ({ supervisor, daemons }, hold) => {
    for (const pid of [supervisor.pid, ...daemons]) killIfAlive(pid, "SIGTERM");
    hold.release();
  },
  // The daemon waits still: it is killed.
  "sent twice": async (deployment) => {
    const { supervisor } = deployment;
    supervisor.kill("SIGTERM");
    await until(() => deployment.log("stopping").length > 0, "the supervisor is stopping");
    await new Promise((resolve) => setTimeout(resolve, SAME_SIGNAL_MS + 100));
    supervisor.kill("SIGTERM");
  },
};

for (const moment of MOMENTS) {
  for (const [how, stop] of Object.entries(STOPS)) {
    claim(`SIGTERM ${how} at ${moment} of an upgrade ends all, starts nothing, and loses nothing`, async () => {
      await using deployment = await Deployment.start();
      await using clients = deployment.clients();
      await clients.more();
      using hold = deployment.hold(moment);
      const upgrade = deployment.upgrade();
      await hold.reached();
      const started = deployment.daemons;
      await stop(deployment, hold);
      const code = await deployment.supervisor.ended();
      await until(() => deployment.livingDaemons().length === 0, "no daemon is left");
      await upgrade;
      assertEquals(deployment.daemons, started);
      if (how !== "sent twice") assertEquals(code, 0);
      await deployment.assertAllKept();
      assertEquals(await readJournal(deployment.journal), undefined);
      assertEquals(deployment.lockHolder(), undefined);
    }, { needs: ["linux"] });
  }
}
