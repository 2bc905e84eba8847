import { inProc } from "../lock/inspect.ts";

/** The command line of a process; undefined where it cannot be read. */
export function commandOf(pid: number): string[] | undefined {
  return inProc(() => {
    const words = Deno.readTextFileSync(`/proc/${pid}/cmdline`).split("\0").slice(0, -1);
    // A kernel thread has none, and a zombie has it no more.
    return words.length === 0 ? undefined : words;
  });
}

/** The unit of the times in `/proc/<pid>/stat`, in milliseconds: the same for all programs, whatever the kernel's own is. */
const TICK = 10;

/** When a process was started, to the second; undefined where it cannot be read. */
export function startOf(pid: number): Date | undefined {
  return inProc(() => {
    const stat = Deno.readTextFileSync(`/proc/${pid}/stat`);
    // The second field is a name in parentheses, which may itself have blanks and parentheses in it.
    const ticks = Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19]);
    const boot = Number(/^btime (\d+)$/m.exec(Deno.readTextFileSync("/proc/stat"))?.[1]);
    return new Date(boot * 1_000 + ticks * TICK);
  });
}
