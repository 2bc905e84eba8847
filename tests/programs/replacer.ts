/**
 * Acquires the lock of the directory in its first argument, puts the file `other` of that directory in the lockfile's
 * place, and reports whether that was noticed, and whether the runtime's own numbers tell the two files apart.
 */
import { DataDirLock, inspectSync, LockLostError } from "@scope/handoff";
import { report } from "./report.ts";

const [dataDir] = Deno.args;
const lockfile = `${dataDir}/.handoff.lock`;

using lock = await DataDirLock.acquire(dataDir);
const before = loss();
const heldBefore = inspectSync(dataDir).held;
const ino = Deno.statSync(lockfile).ino;
const alike = ino === Deno.statSync(`${dataDir}/other`).ino;
Deno.renameSync(`${dataDir}/other`, lockfile);
const after = loss();
const heldAfter = inspectSync(dataDir).held;
using _second = await DataDirLock.acquire(dataDir);
report("replaced", { before, alike, after, held: [heldBefore, heldAfter], second: "acquired" });

function loss(): string {
  try {
    lock.verify();
    return "none";
  } catch (error) {
    if (error instanceof LockLostError) return error.reason;
    throw error;
  }
}
