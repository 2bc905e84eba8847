/** Replaces a socket file so many times, and reports whether it is its own in the end. Ends with its standard input. */
import { openOs } from "../../../../handoff/linux.ts";
import { bindSocketFile, leadsTo } from "../../../../handoff/socket_file.ts";
import { commands, errorFields, report } from "../../../programs/report.ts";

const [path, times] = Deno.args;
using os = openOs();
try {
  let listener = bindSocketFile(os, path);
  for (let i = 1; i < Number(times); i++) {
    const next = bindSocketFile(os, path);
    os.close(listener);
    listener = next;
  }
  // Another process may be about to replace it; who has it counts when both have ended.
  report("bound");
  for await (const _ of commands()) report("replaced", { mine: leadsTo(os, path, listener) });
} catch (error) {
  report("refused", errorFields(error));
}
