// Coverage is the test process's own: a child that recorded its coverage too would be slower, and one that runs as
// another user would complain on its stderr that it may not write it.
Deno.env.delete("DENO_COVERAGE_DIR");

/** What a claim needs to be tested and a machine may not have. */
export type Requirement =
  | "linux"
  | "root"
  | "strace"
  | "python3"
  | "systemd-analyze"
  | "systemd-socket-activate"
  | "flock"
  | "ps"
  | "unshare"
  | "pid namespace"
  | "prlimit"
  | "cc"
  | "mount"
  | "bindfs"
  | "initial pid namespace";

/** How a claim is tested. */
export interface ClaimOptions {
  /** Where one of these is missing the test is skipped, and the run prints why. */
  readonly needs?: readonly Requirement[];
  /** The permissions of the test, as in `Deno.test`; all by default. */
  readonly permissions?: Deno.PermissionOptions;
}

/**
 * Registers a test whose name is a claim. The sanitizers are on, as a user may have them: an operation, a library or a
 * file that outlives the test fails it.
 */
export function claim(name: string, test: () => void | Promise<void>, options: ClaimOptions = {}): void {
  const missing = (options.needs ?? []).filter((requirement) => !isMet(requirement));
  if (missing.length > 0) console.log(`skipped (needs ${missing.join(", ")}): ${name}`);
  Deno.test({
    name,
    fn: test,
    ignore: missing.length > 0,
    permissions: options.permissions,
    sanitizeOps: true,
    sanitizeResources: true,
    sanitizeExit: true,
  });
}

function isMet(requirement: Requirement): boolean {
  if (requirement === "linux") return Deno.build.os === "linux";
  if (requirement === "root") return Deno.uid() === 0;
  if (requirement === "mount") return Deno.uid() === 0 && succeeds("unshare", "--mount", "true");
  if (requirement === "pid namespace") return succeeds("unshare", "--pid", "--fork", "--mount-proc", "true");
  if (requirement === "strace") return succeeds("strace", "true");
  if (requirement === "bindfs") return Deno.uid() === 0 && canOpen("/dev/fuse") && succeeds("bindfs", "--version");
  if (requirement === "initial pid namespace") return linkTarget("/proc/self/ns/pid") === "pid:[4026531836]";
  return succeeds(requirement, "--version");
}

function canOpen(path: string): boolean {
  try {
    Deno.openSync(path, { read: true, write: true }).close();
    return true;
  } catch {
    return false;
  }
}

function linkTarget(path: string): string | undefined {
  try {
    return Deno.readLinkSync(path);
  } catch {
    return undefined;
  }
}

function succeeds(command: string, ...args: string[]): boolean {
  try {
    return new Deno.Command(command, { args, stdout: "null", stderr: "null" }).outputSync().success;
  } catch {
    return false;
  }
}
