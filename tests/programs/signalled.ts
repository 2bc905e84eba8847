/**
 * Reports that it is ready, and each signal that can be passed on to it; SIGTSTP stops it. Its parent is the process that
 * runs it. Ends when its standard input is closed, or as soon as it has reported the signal that its first argument names.
 */
import { report } from "./report.ts";
import { PASSED_ON } from "./passed_on.ts";

const [last] = Deno.args;
for (const signal of PASSED_ON) {
  Deno.addSignalListener(signal, () => {
    report("signal", { signal });
    if (signal === last) Deno.exit(0);
  });
}
report("ready", { pid: Deno.pid, parent: Deno.ppid });
await Deno.stdin.read(new Uint8Array(1));
Deno.exit(0);
