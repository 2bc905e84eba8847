/**
 * Opens a debugger, as the runtime does for a SIGUSR1, and reports when that was closed as the command line closes it.
 * Ends then.
 */
import inspector from "node:inspector";
import { closeDebugger } from "../../cli/debugger.ts";
import { report } from "./report.ts";

closeDebugger();
inspector.open(0, "127.0.0.1");
report("opened");
while (inspector.url() !== undefined) await new Promise((resolve) => setTimeout(resolve));
report("closed");
