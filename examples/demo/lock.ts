import { DaemonProcess } from "./daemon_process.ts";
import { tell, timed } from "./stage.ts";

/** What the lock does for a daemon: a second copy is refused, a killed one leaves nothing to clean up, a third waits. */
export async function showLock(dataDir: string): Promise<void> {
  const namedPid = async () => Number(await Deno.readTextFile(`${dataDir}/.handoff.pidfile`));
  await using first = new DaemonProcess(dataDir);
  const url = await timed("a daemon starts (examples/daemon.ts)", () => first.serving());
  tell(`it is process ${first.pid}, the writer: .handoff.pidfile names it`, await namedPid() === first.pid);
  const { status } = await fetch(`${url}/entries`, { method: "POST", body: "one" });
  tell("it has appended an entry to its journal, and answered 201", status === 201);

  await using second = new DaemonProcess(dataDir);
  const { code } = await timed("a second copy starts on the same directory", () => second.status);
  const refusal = (await second.stderr).trim();
  tell(`it is refused, with exit code ${code} (EX_TEMPFAIL)`, code === 75);
  tell(`and says who has the directory:\n${refusal}`, refusal.includes(`names process ${first.pid}, `));

  await using third = new DaemonProcess(dataDir, "--wait=60000");
  const waiting = await timed("a third one starts, and waits for its turn", () => third.nextLine());
  tell(`it says for whom: ${waiting}`, waiting !== undefined && JSON.parse(waiting).holder === first.pid);

  const address = await timed("the first is killed with SIGKILL, and the third takes over", async () => {
    await first.end("SIGKILL");
    return await third.serving();
  });
  tell(`process ${third.pid} is the writer now`, await namedPid() === third.pid);
  const entries: { text: string }[] = await (await fetch(`${address}/entries`)).json();
  tell(`the journal survived: ${entries.map(({ text }) => text)}`, entries.length === 1 && entries[0].text === "one");

  const end = await timed("it is ended with SIGTERM", () => third.end("SIGTERM"));
  tell(`gracefully, with exit code ${end.code}`, end.code === 0 && end.signal === null);
}
