// Waits for a descriptor once, disposes of nothing, and has nothing more to do.
import { openOs } from "../../../../handoff/linux.ts";

const os = openOs();
const [a, b] = os.socketPair();
os.send(a, new Uint8Array(1));
await os.readable(b);
console.log(JSON.stringify({ event: "waited" }));
