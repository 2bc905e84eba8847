/**
 * Acquires the lock of the directory in its first argument; then shares it with children, spawns one, and releases, as it
 * is told to. Reports each action, with the pid of the child, which goes on until it is killed.
 */
import { HeldLock } from "../../lock/held_lock.ts";
import { commands, report } from "./report.ts";
import { usage } from "./usage.ts";

const lock = await HeldLock.acquire(Deno.args[0]);
let share: Disposable | undefined;
let child: Deno.ChildProcess | undefined;

const actions: Record<string, () => void> = {
  share: () => share = lock.shareWithChildren(),
  unshare: () => share?.[Symbol.dispose](),
  spawn: () => child = new Deno.Command("sleep", { args: ["infinity"], stdin: "null", stdout: "null" }).spawn(),
  release: () => lock.releaseSync(),
};

for await (const command of commands()) {
  actions[command]();
  report(command, { child: child?.pid, ...usage(Deno.args[0]) });
}
Deno.exit();
