/**
 * A version of the daemon that fails when it opens the journal: `broken_daemon.ts DIR`.
 *
 * @module
 */
// deno-lint-ignore no-import-prefix no-unversioned-import -- as it stands in a program outside this repository
import { runDaemon } from "jsr:@scope/handoff/daemon";

await runDaemon({
  dataDir: Deno.args[0],
  open: () => {
    throw new Error("this version cannot read the journal");
  },
  listen: { http: "127.0.0.1:0" },
  fetch: () => new Response(),
});
