/**
 * Says to the transfer socket in its first argument what it is told, a JSON object a line, and reports what is answered
 * and how many descriptors came. It keeps those open.
 */
import { openOs } from "../../../../handoff/linux.ts";
import { connectSocketFile } from "../../../../handoff/socket_file.ts";
import { TransferChannel } from "../../../../handoff/transfer_channel.ts";
import { commands, report } from "../../../programs/report.ts";

const os = openOs();
const channel = new TransferChannel(os, await connectSocketFile(os, Deno.args[0]));
report("connected");
for await (const line of commands()) {
  const body = new TextEncoder().encode(line);
  const bytes = new Uint8Array(4 + body.length);
  new DataView(bytes.buffer).setUint32(0, body.length, true);
  bytes.set(body, 4);
  os.send(channel.fd, bytes);
  if ("adopted" in JSON.parse(line)) continue;
  const received = await channel.receiveReply();
  const descriptors = received?.descriptors;
  const count = descriptors?.length;
  for (let index = 0; index < (count ?? 0); index++) descriptors?.take(index);
  report("answer", { message: received?.message, count });
}
