/** As the user `nobody`, sends a line to a socket, and reports what comes back, or why nothing can be sent. */
import "../../../programs/become_nobody.ts";
import { report } from "../../../programs/report.ts";

const [path, line] = Deno.args;
try {
  using connection = await Deno.connect({ transport: "unix", path });
  await connection.write(new TextEncoder().encode(`${line}\n`)).catch(() => {});
  report("answered", { answer: await new Response(connection.readable).text().catch(() => "") });
} catch (error) {
  report("refused", { error: (error as Error).name });
}
