/** The command line, run as the user `nobody` although root started it: imports run in the order they stand. */
import "../../../programs/become_nobody.ts";
// It is loaded when it is asked for, and nobody may not read the modules any more.
import "../../../../cli/supervise.ts";
import { main } from "../../../../cli.ts";

Deno.exitCode = await main(Deno.args);
