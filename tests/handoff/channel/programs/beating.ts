/** Sends heartbeats while its event loop is blocked; reports how many arrived meanwhile, and from where they came. */
import { ControlChannel } from "../../../../handoff/control_channel.ts";
import { openOs } from "../../../../handoff/linux.ts";
import { encodeFrame } from "../../../../handoff/protocol/frames.ts";

const FRAME_BYTES = encodeFrame({ type: "Heartbeat", tsMs: BigInt(Date.now()) }).length;

using os = openOs();
const [fd, peer] = os.socketPair();
using channel = new ControlChannel(os, fd);
await using beats = await channel.heartbeats(1);
const cell = new Int32Array(new SharedArrayBuffer(4));
const buffer = new Uint8Array(5 * FRAME_BYTES);
let arrived = 0;
while (beats.survivesBlocking && arrived < buffer.length) {
  arrived += os.receive(peer, buffer.subarray(arrived)) ?? 0;
  Atomics.wait(cell, 0, 0, 1);
}
os.close(peer);
const { survivesBlocking } = beats;
console.log(
  JSON.stringify({ event: "beaten", survivesBlocking, cause: String(beats.cause), frames: arrived / FRAME_BYTES }),
);
