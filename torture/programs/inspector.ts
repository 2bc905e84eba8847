/** Asks again and again who has the lock, and writes the answers into the journal. */
import { inspect } from "@scope/handoff";
import { now, pause } from "../clock.ts";
import { Journal } from "../journal.ts";
import { ownOrders } from "../orders.ts";
import { Random } from "../random.ts";

const { who, dataDir, journal: path, seed, until, unprivileged } = ownOrders();
const me = { who, pid: Deno.pid };
const random = new Random(seed);
using journal = new Journal(path);

const LONGEST_PAUSE_MS = 40;

// Where the kernel's list cannot be read, the lock is probed. Taking a permission away will not do: without all of them
// Deno lets nobody near /dev/shm.
if (unprivileged) {
  const read = Deno.readTextFileSync;
  Deno.readTextFileSync = (path) => {
    if (path === "/proc/locks") throw new Deno.errors.PermissionDenied();
    return read(path);
  };
}

while (now() < until) {
  const since = journal.length;
  const { held, pidfile, holder, source, kernelPid } = await inspect(dataDir);
  journal.append(me, { what: "look", since, held, source, pidfile, named: holder.pid, kernelPid });
  await pause(random.milliseconds(LONGEST_PAUSE_MS));
}
