import { assert, assertEquals } from "@std/assert";
import { HeldLock } from "../../../lock/held_lock.ts";
import { claim } from "../../support/claim.ts";
import type { Conduct } from "./programs/scripted_daemon.ts";
import { TestSupervisor } from "./support/test_supervisor.ts";

/** What is in the way of a start, what the daemon says of it, and what is in the directory then beside its lockfile. */
interface Failure {
  readonly conduct?: (supervisor: TestSupervisor) => Partial<Conduct>;
  readonly before?: (supervisor: TestSupervisor) => void;
  readonly says: RegExp;
  readonly leaves: readonly string[];
}

const FAILURES: Readonly<Record<string, Failure>> = {
  "whose open throws": {
    conduct: () => ({ fails: "cold-start" }),
    says: /cold-start was told to fail/,
    leaves: [],
  },
  "whose address is in use": {
    conduct: ({ url }) => ({ listen: { http: new URL(url).host } }),
    says: /in use/i,
    leaves: ["lines"],
  },
  "whose control socket's path is a file": {
    before: ({ controlSocket }) => Deno.writeTextFileSync(controlSocket, "mine"),
    says: /a regular file is in its place/,
    leaves: [".handoff.sock", "lines"],
  },
};

for (const [which, { conduct, before, says, leaves }] of Object.entries(FAILURES)) {
  claim(`a cold start ${which} rejects, gives the lock back and leaves no file of its own`, async () => {
    using supervisor = new TestSupervisor();
    const { dataDir, dir } = supervisor;
    Deno.mkdirSync(dataDir);
    before?.(supervisor);
    const options = { listen: { http: "127.0.0.1:0" }, ...conduct?.(supervisor) };
    const pid = supervisor.spawn(options, { env: {}, descriptors: [] });
    assertEquals(await supervisor.exit(pid), { code: 1 });
    const { message } = await supervisor.entry("rejected", pid);
    assert(says.test(message), message);
    assertEquals(dir.entries(dataDir), [".handoff.lock", ...leaves]);
    await (await HeldLock.acquire(dataDir)).release();
  }, { needs: ["linux"] });
}

claim(
  "a daemon under a supervisor, whose directory is held for its lockTimeout, exits with 75 and binds nothing",
  async () => {
    using supervisor = new TestSupervisor();
    await using _lock = await HeldLock.acquire(supervisor.dataDir);
    const env = { HANDOFF_CONTROL_SOCKET: supervisor.controlSocket };
    const pid = supervisor.spawn({ lockTimeout: 50, listen: { http: "127.0.0.1:0" } }, { env, descriptors: [] });
    assertEquals(await supervisor.exit(pid), { code: 75 });
    assertEquals(supervisor.entries.filter(({ type }) => type !== "waiting"), []);
    assertEquals(supervisor.dir.entries(supervisor.dataDir), [".handoff.lock", ".handoff.pidfile"]);
  },
  { needs: ["linux"] },
);
