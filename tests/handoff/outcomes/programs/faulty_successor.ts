/**
 * A successor that does not keep to the protocol: `faulty_successor.ts FAULT` writes something else to its control socket,
 * and then does nothing until it is killed.
 */
import { openOs } from "../../../../handoff/linux.ts";
import { encodeFrame } from "../../../../handoff/protocol/frames.ts";

/** What is written in place of a Hello. */
const FAULTS: Readonly<Record<string, () => Uint8Array>> = {
  garbage: () => new TextEncoder().encode("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"),
  "half-frame": () => {
    const frame = hello();
    return frame.subarray(0, frame.length / 2);
  },
  "huge-frame": () => {
    const head = new Uint8Array(6);
    new DataView(head.buffer).setUint32(0, (1 << 20) + 1, true);
    return head;
  },
  // The supervisor is told that it is there, and then nothing more.
  silent: hello,
};

function hello(): Uint8Array {
  const buildId = new TextEncoder().encode("raw");
  return encodeFrame({
    type: "Hello",
    role: "successor",
    pid: Deno.pid,
    buildId,
    protoMin: 1,
    protoMax: 1,
    capabilities: 0n,
  });
}

openOs().send(Number(Deno.env.get("HANDOFF_SOCK_FD")), new Uint8Array(FAULTS[Deno.args[0]]()));
setInterval(() => {}, 3_600_000);
