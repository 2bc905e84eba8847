import type { Calls, CallTable } from "./calls.ts";
import { isPid } from "./kill.ts";
import { C, OFFSET, SIZE } from "./linux_abi.ts";
import { bytes, viewOf } from "./memory.ts";
import { checked, uninterrupted } from "./uninterrupted.ts";

/** Calls about processes. Not every libc has functions for pidfds, so they go by syscall(2). */
export const PROCESS_CALLS = {
  waitid: { parameters: [/* idtype */ "int", /* id */ "int", /* info */ "buffer", /* options */ "int"] },
  kill: { parameters: [/* pid */ "int", /* sig */ "int"] },
  pidfdOpen: { name: "syscall", parameters: [/* number */ "word", /* pid */ "word", /* flags */ "word"] },
  pidfdSendSignal: {
    name: "syscall",
    parameters: [/* number */ "word", /* pidfd */ "word", /* sig */ "word", /* info */ "word", /* flags */ "word"],
  },
} as const satisfies CallTable;

/** {@linkcode PROCESS_CALLS}, opened. */
export type ProcessCalls = Calls<typeof PROCESS_CALLS>;

/** How a process ended: the code of its exit, or the signal that killed it. */
export type ProcessEnd = { readonly code: number } | { readonly signal: number };

const INFO = OFFSET["siginfo_t"];

/** How a child ended, reaping it; undefined while it runs. Throws `SyscallError` with ECHILD where it is no child of ours. */
export function reap(calls: Pick<ProcessCalls, "waitid">, pid: number): ProcessEnd | undefined {
  checkPid(pid);
  const info = bytes(SIZE["siginfo_t"]);
  checked(uninterrupted(() => calls.waitid(C.P_PID, pid, info, C.WEXITED | C.WNOHANG)), {
    syscall: "waitid",
    doing: `wait for process ${pid}`,
  });
  const view = viewOf(info);
  if (view.getInt32(INFO.si_pid, true) === 0) return undefined;
  const status = view.getInt32(INFO.si_status, true);
  return view.getInt32(INFO.si_code, true) === C.CLD_EXITED ? { code: status } : { signal: status };
}

/** The pid of a child that has ended, which stays to be reaped; undefined when there is none. */
export function endedChild(calls: Pick<ProcessCalls, "waitid">): number | undefined {
  const info = bytes(SIZE["siginfo_t"]);
  const result = uninterrupted(() => calls.waitid(C.P_ALL, 0, info, C.WEXITED | C.WNOHANG | C.WNOWAIT));
  if (result === -C.ECHILD) return undefined;
  checked(result, { syscall: "waitid", doing: "look for children that have ended" });
  const pid = viewOf(info).getInt32(INFO.si_pid, true);
  return pid === 0 ? undefined : pid;
}

/** A descriptor of a process, close-on-exec; undefined when there is no such process. */
export function openPidfd(calls: Pick<ProcessCalls, "pidfdOpen">, pid: number): number | undefined {
  checkPid(pid);
  const result = calls.pidfdOpen(C.SYS_pidfd_open, pid, 0);
  if (result === -C.ESRCH) return undefined;
  return checked(result, { syscall: "pidfd_open", doing: `open a descriptor of process ${pid}` });
}

/** Sends a signal: false when there is no such process. */
export function kill(calls: Pick<ProcessCalls, "kill">, pid: number, signal: number): boolean {
  checkPid(pid);
  return arrived(calls.kill(pid, signal), { syscall: "kill", doing: `send signal ${signal} to process ${pid}` });
}

/** Sends a signal to the process that a pidfd was opened for: false when it is gone. */
export function killPidfd(calls: Pick<ProcessCalls, "pidfdSendSignal">, pidfd: number, signal: number): boolean {
  const result = calls.pidfdSendSignal(C.SYS_pidfd_send_signal, pidfd, signal, 0, 0);
  return arrived(result, { syscall: "pidfd_send_signal", doing: `send signal ${signal} by descriptor ${pidfd}` });
}

function arrived(result: number, purpose: { readonly syscall: string; readonly doing: string }): boolean {
  if (result === -C.ESRCH) return false;
  checked(result, purpose);
  return true;
}

function checkPid(pid: number): void {
  if (!isPid(pid)) throw new RangeError(`${pid} is not a process id`);
}
