import { succeeds } from "./installed.ts";

/** Long enough for others to get in between, if the lock lets them. */
const DELAY_US = 5_000;

const DELAYED = "?unlink,unlinkat,?rename,?renameat,renameat2";

/**
 * The command line that runs a program in slow motion: strace(1) holds each call back by which a pidfile is published
 * or withdrawn. With `-D` the process is still a child of the driver.
 */
export const SLOW_MOTION: readonly string[] = [
  ...["strace", "-D", "-f", "-qqq", "--seccomp-bpf", "-o", "/dev/null"],
  ...["-e", `trace=${DELAYED}`, "-e", `inject=${DELAYED}:delay_enter=${DELAY_US}`],
];

/** Whether programs can be run in slow motion here. */
export function hasSlowMotion(): Promise<boolean> {
  const [strace, ...options] = SLOW_MOTION;
  return succeeds(strace, ...options, "true");
}
