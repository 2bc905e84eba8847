// Receives more descriptors than it may have open, and reports which of them it was told of and which are open.
import { openOs } from "../../../../handoff/linux.ts";
import { openFiles } from "../open_files.ts";

using os = openOs();
const [a, b] = os.socketPair();
const sent = 200;
os.sendDescriptors(a, new Uint8Array(1), new Array(sent).fill(0));
// Reading the directory opens one more for a moment: two readings have it in common.
const before = new Set(openFiles("self"));
const room = os.duplicate(0);
const received = os.receiveDescriptors(b, new Uint8Array(1));
os.close(room);
const last = received?.descriptors.at(-1);
const open = openFiles("self").filter((fd) => fd !== room && !before.has(fd));
console.log(
  JSON.stringify({ event: "received", sent, told: received?.descriptors, truncated: received?.truncated, open, last }),
);
