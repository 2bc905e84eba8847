/** Connects to a socket as the user `nobody`, and reports it; and then when the other end closes the connection. */
import "../../../programs/become_nobody.ts";
import { report } from "../../../programs/report.ts";

using connection = await Deno.connect({ transport: "unix", path: Deno.args[0] });
report("connected");
await new Response(connection.readable).bytes();
report("ended");
