// Marks descriptor 3 close-on-exec, starts a child in both ways, and reports what each of them has open.
import { openOs } from "../../../../handoff/linux.ts";
import { openFiles } from "../open_files.ts";

using os = openOs();
os.setCloseOnExec(3, true);
const command = new Deno.Command("cat", { stdin: "piped", stdout: "piped" }).spawn();
const [ours, its] = os.socketPair();
os.setNonBlocking(its, false);
const pid = os.spawn({ argv: ["cat"], env: Deno.env.toObject(), descriptors: new Map([[0, its], [1, its]]) });
os.close(its);

// What they echo shows that exec is over, and has closed what it closes.
const writer = command.stdin.getWriter();
await writer.write(new Uint8Array(1));
await command.stdout.getReader().read();
os.send(ours, new Uint8Array(1));
await os.readable(ours);
os.receive(ours, new Uint8Array(1));
console.log(JSON.stringify({ event: "listed", byCommand: openFiles(command.pid), bySpawn: openFiles(pid) }));
for await (const _ of Deno.stdin.readable);
await writer.close();
await command.status;
os.close(ours);
Deno.exit();
