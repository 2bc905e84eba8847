/** Listens at a path as the user `nobody`; ends when its standard input closes. */
import "../../../programs/become_nobody.ts";
import { openOs } from "../../../../handoff/linux.ts";
import { commands, report } from "../../../programs/report.ts";

using os = openOs();
const listener = os.listenUnix(Deno.args[0], { mode: 0o666, backlog: 8 });
report("listening");
for await (const _ of commands());
os.close(listener);
