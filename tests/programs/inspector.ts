/**
 * Looks who holds the lock of the directory in its first argument when it is told to, or without pause until its standard
 * input is closed, and reports what it finds.
 */
import { DataDirLock, inspect, inspectSync } from "@scope/handoff";
import { commands, errorFields, report } from "./report.ts";

const [dataDir] = Deno.args;
const found = { looks: 0, held: 0 };

const actions: Record<string, () => object | Promise<object>> = {
  inspect: () => inspect(dataDir),
  inspectSync: () => inspectSync(dataDir),
  acquire: () => ({ held: !DataDirLock.acquireSync(dataDir).released }),
  keepLooking,
  found: () => found,
};

for await (const command of commands()) {
  try {
    report("inspected", { ...await actions[command]() });
  } catch (error) {
    report("failed", errorFields(error));
  }
}
Deno.exit();

/** In short turns, so that commands are still heard. */
function keepLooking(): object {
  for (let turn = 0; turn < 100; turn++) {
    found.looks++;
    if (inspectSync(dataDir).held) found.held++;
  }
  setTimeout(keepLooking);
  return found;
}
