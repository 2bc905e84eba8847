/** Sends itself 200 descriptors, and reports how many arrive, and what is open when they were disposed of. */
import { openOs } from "../../../../handoff/linux.ts";
import { TransferChannel } from "../../../../handoff/transfer_channel.ts";
import { report } from "../../../programs/report.ts";

using os = openOs();
const [a, b] = os.socketPair();
using giver = new TransferChannel(os, a);
using taker = new TransferChannel(os, b);
// The first wait opens what every wait needs.
await os.readable(b, { timeout: 1 });
const before = open();
await giver.send({ verb: "listeners", names: [] }, new Array(200).fill(0));
const received = await taker.receiveReply();
const { truncated, descriptors } = received!;
descriptors[Symbol.dispose]();
report("received", { arrived: descriptors.length, truncated, before, left: open() });

function open(): number {
  return [...Deno.readDirSync("/proc/self/fd")].length;
}
