/** Sends descriptors that nobody receives, as a user whom the limit binds, until it is refused; reports how. */
import "../../../programs/become_nobody.ts";
import { openOs } from "../../../../handoff/linux.ts";
import { TransferChannel } from "../../../../handoff/transfer_channel.ts";
import { errorFields, report } from "../../../programs/report.ts";

using os = openOs();
const [a, b] = os.socketPair();
using channel = new TransferChannel(os, a);
try {
  for (;;) await channel.send({ verb: "listeners", names: [] }, new Array(50).fill(0));
} catch (failure) {
  const { error, code } = errorFields(failure);
  report("refused", { error, code, open: channel.fd !== -1 });
}
os.close(b);
