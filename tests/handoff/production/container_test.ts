import { assertEquals } from "@std/assert";
import { claim } from "../../support/claim.ts";
import { until } from "../../support/patience.ts";
import { SupervisorProcess } from "../../support/supervisor_process.ts";
import { TempDir } from "../../support/temp_dir.ts";
import { daemon } from "./daemons.ts";

/** The first process of a pid namespace of its own, as in a container; a signal reaches it through its parent's child. */
const CONTAINER = ["unshare", "--pid", "--fork", "--mount-proc", "--kill-child"];
const NEEDS = { needs: ["linux", "root", "pid namespace"] } as const;

claim("as the first process of a container it passes SIGTERM on, and exits with the daemon's code", async () => {
  using dir = new TempDir();
  await using supervisor = await contained(dir, daemon(dir));
  const { ppid } = await supervisor.ask() as unknown as { ppid: number };
  assertEquals(ppid, 1);
  Deno.kill(childOf(supervisor.pid), "SIGTERM");
  assertEquals((await supervisor.status).code, 0);
}, NEEDS);

claim("as the first process of a container it exits with the code of a daemon that fails", async () => {
  using dir = new TempDir();
  await using supervisor = await contained(dir, ["sh", "-c", "trap 'exit 7' TERM; while :; do sleep 0.05; done"]);
  Deno.kill(childOf(supervisor.pid), "SIGTERM");
  assertEquals((await supervisor.status).code, 7);
}, NEEDS);

claim("as the first process of a container it reaps the orphans, and goes on knowing of its daemon's end", async () => {
  using dir = new TempDir();
  const gate = dir.join("gate");
  const orphan = `(while [ ! -e ${gate} ]; do sleep 0.05; done) &`;
  const script = `(${orphan.repeat(5)}); trap 'exit 7' TERM; while :; do sleep 0.05; done`;
  await using supervisor = await contained(dir, ["sh", "-c", script]);
  const first = childOf(supervisor.pid);
  await until(() => childrenOf(first).length === 6, "the daemon and five orphans are there");
  Deno.writeTextFileSync(gate, "");
  await until(() => childrenOf(first).length === 1, "only the daemon is left");
  Deno.kill(first, "SIGTERM");
  assertEquals((await supervisor.status).code, 7);
}, NEEDS);

async function contained(dir: TempDir, command: readonly string[]): Promise<SupervisorProcess> {
  const options = command[0] === "sh" ? ["--upgrades", "cold"] : [];
  return await SupervisorProcess.serving(dir, command, options, { prefix: CONTAINER });
}

function childOf(pid: number): number {
  const [child] = childrenOf(pid);
  return child;
}

/** The children of a process, those included that have ended and were not reaped. */
function childrenOf(pid: number): number[] {
  const tasks = [...Deno.readDirSync(`/proc/${pid}/task`)].map(({ name }) => name);
  return tasks.flatMap((task) => {
    const text = Deno.readTextFileSync(`/proc/${pid}/task/${task}/children`);
    return text.trim().split(" ").filter((word) => word !== "").map(Number);
  });
}
