// As PID 1 of a namespace: has an orphan, a child of Deno.Command and one of its own end, looks for orphans, and reports.
import { openOs } from "../../../../handoff/linux.ts";
import { textFrom } from "../linux.ts";

using os = openOs();
const env = { PATH: "/usr/bin:/bin" };

/** The end of a process, which stays to be reaped. */
async function ended(pid: number): Promise<void> {
  const pidfd = os.pidfd(pid);
  if (pidfd === undefined) return;
  await os.readable(pidfd);
  os.close(pidfd);
}

// A shell that leaves a process behind, which tells its pid and ends when the shell has been reaped.
const [ourEnd, itsEnd] = os.socketPair();
os.setNonBlocking(itsEnd, false);
const script = "sh -c 'echo $$; read line <&3' &";
const parent = os.spawn({ argv: ["sh", "-c", script], env, descriptors: new Map([[1, itsEnd], [3, itsEnd]]) });
os.close(itsEnd);
await os.readable(ourEnd);
const buffer = new Uint8Array(16);
const orphan = Number(new TextDecoder().decode(buffer.subarray(0, os.receive(ourEnd, buffer))));
await ended(parent);
os.reap(parent);

const own = os.spawn({ argv: ["sh", "-c", "exit 3"], env });
const isOurs = (pid: number): boolean => pid === own;
await ended(own);
const whileOursIsThere = [os.reapOrphans(isOurs), os.reapOrphans(isOurs)].flat();
const ours = os.reap(own);

// The first look after its end must leave it to Deno.
const child = new Deno.Command("sh", { args: ["-c", "exit 4"] }).spawn();
const wait = new Int32Array(new SharedArrayBuffer(4));
while (!Deno.readTextFileSync(`/proc/${child.pid}/stat`).includes(") Z ")) Atomics.wait(wait, 0, 0, 1);
const whileDenoHasNotLooked = os.reapOrphans(isOurs);
const command = (await child.status).code;

os.send(ourEnd, new TextEncoder().encode("end\n"));
await textFrom(os, ourEnd);
await ended(orphan);
const first = os.reapOrphans(isOurs);
const second = os.reapOrphans(isOurs);
const left = os.reapOrphans(isOurs);
console.log(JSON.stringify({
  event: "reaped",
  orphan,
  reaped: [...whileOursIsThere, ...whileDenoHasNotLooked, ...first, ...second],
  left,
  ours,
  command,
}));
