import type { Calls, CallTable } from "./calls.ts";
import { C, OFFSET, SIZE } from "./linux_abi.ts";
import { bytes, viewOf } from "./memory.ts";
import { checked, uninterrupted } from "./uninterrupted.ts";

/** Calls about descriptors of any kind. */
export const DESCRIPTOR_CALLS = {
  fcntl: { parameters: [/* fd */ "int", /* cmd */ "int", /* arg */ "int"] },
  dup3: { parameters: [/* oldfd */ "int", /* newfd */ "int", /* flags */ "int"] },
  close: { parameters: [/* fd */ "int"] },
  fchmod: { parameters: [/* fd */ "int", /* mode */ "int"] },
  geteuid: { parameters: [] },
  getrlimit: { parameters: [/* resource */ "int", /* rlim */ "buffer"] },
  setrlimit: { parameters: [/* resource */ "int", /* rlim */ "buffer"] },
} as const satisfies CallTable;

/** {@linkcode DESCRIPTOR_CALLS}, opened. */
export type DescriptorCalls = Calls<typeof DESCRIPTOR_CALLS>;

/** A second descriptor of the same open file, close-on-exec, not below `lowest`. */
export function duplicate(calls: Pick<DescriptorCalls, "fcntl">, fd: number, lowest: number): number {
  return checked(calls.fcntl(fd, C.F_DUPFD_CLOEXEC, lowest), {
    syscall: "fcntl",
    doing: `duplicate descriptor ${fd}`,
  });
}

/** Puts a copy of `fd` in the place of `target`. The kernel refuses to put one in its own place. */
export function duplicateOnto(
  calls: Pick<DescriptorCalls, "dup3">,
  fd: number,
  target: number,
  { closeOnExec }: { readonly closeOnExec: boolean },
): void {
  checked(uninterrupted(() => calls.dup3(fd, target, closeOnExec ? C.O_CLOEXEC : 0)), {
    syscall: "dup3",
    doing: `duplicate descriptor ${fd} as ${target}`,
  });
}

/** `FD_CLOEXEC`, the only flag of a descriptor. */
export function setCloseOnExec(calls: Pick<DescriptorCalls, "fcntl">, fd: number, on: boolean): void {
  checked(calls.fcntl(fd, C.F_SETFD, on ? C.FD_CLOEXEC : 0), {
    syscall: "fcntl",
    doing: `set close-on-exec of descriptor ${fd}`,
  });
}

/** `O_NONBLOCK` of the open file, which all processes that have it open share. */
export function setNonBlocking(calls: Pick<DescriptorCalls, "fcntl">, fd: number, on: boolean): void {
  const purpose = { syscall: "fcntl", doing: `set O_NONBLOCK of descriptor ${fd}` };
  const flags = checked(calls.fcntl(fd, C.F_GETFL, 0), purpose);
  const wanted = on ? flags | C.O_NONBLOCK : flags & ~C.O_NONBLOCK;
  if (wanted !== flags) checked(calls.fcntl(fd, C.F_SETFL, wanted), purpose);
}

/** fchmod(2). */
export function setMode(calls: Pick<DescriptorCalls, "fchmod">, fd: number, mode: number): void {
  checked(uninterrupted(() => calls.fchmod(fd, mode)), {
    syscall: "fchmod",
    doing: `set the mode of descriptor ${fd}`,
  });
}

/** Raises the soft limit of open descriptors to the hard one. */
export function raiseDescriptorLimit(calls: Pick<DescriptorCalls, "getrlimit" | "setrlimit">): void {
  const limit = bytes(SIZE["struct rlimit"]);
  const { rlim_cur, rlim_max } = OFFSET["struct rlimit"];
  checked(calls.getrlimit(C.RLIMIT_NOFILE, limit), {
    syscall: "getrlimit",
    doing: "read the limit of open descriptors",
  });
  const view = viewOf(limit);
  const hard = view.getBigUint64(rlim_max, true);
  if (view.getBigUint64(rlim_cur, true) === hard) return;
  view.setBigUint64(rlim_cur, hard, true);
  checked(calls.setrlimit(C.RLIMIT_NOFILE, limit), {
    syscall: "setrlimit",
    doing: "raise the limit of open descriptors",
  });
}
