import type { LockLostReason } from "@scope/handoff";
import { run } from "./run.ts";
import type { TempDir } from "./temp_dir.ts";

/** A way to lose a lock: what is done to a data directory, and what the holder is told. */
export interface Loss {
  readonly event: string;
  readonly reason: LockLostReason;
  /** Whether another process can lock what is then at the path. */
  readonly lockable?: boolean;
  /** The lock is of `data` in this directory. */
  happen(dir: TempDir): void;
}

/** Each of them leaves the kernel's lock as it is. */
export const LOSSES: readonly Loss[] = [
  {
    event: "the lockfile is deleted",
    reason: "lockfile-missing",
    lockable: true,
    happen: (dir) => Deno.removeSync(lockfile(dir)),
  },
  {
    event: "the lockfile is renamed, which keeps its link count",
    reason: "lockfile-missing",
    lockable: true,
    happen: (dir) => Deno.renameSync(lockfile(dir), dir.join("moved.lock")),
  },
  {
    event: "another file is renamed over the lockfile",
    reason: "lockfile-replaced",
    lockable: true,
    happen(dir) {
      Deno.writeTextFileSync(dir.join("new.lock"), "");
      Deno.renameSync(dir.join("new.lock"), lockfile(dir));
    },
  },
  {
    event: "the lockfile is renamed and a new one made",
    reason: "lockfile-replaced",
    lockable: true,
    happen(dir) {
      Deno.renameSync(lockfile(dir), dir.join("moved.lock"));
      Deno.writeTextFileSync(lockfile(dir), "");
    },
  },
  {
    event: "a symbolic link to the lockfile takes its place",
    reason: "lockfile-replaced",
    happen(dir) {
      Deno.renameSync(lockfile(dir), dir.join("moved.lock"));
      Deno.symlinkSync(dir.join("moved.lock"), lockfile(dir));
    },
  },
  {
    event: "the directory is renamed",
    reason: "directory-missing",
    lockable: true,
    happen: (dir) => Deno.renameSync(dir.join("data"), dir.join("moved")),
  },
  {
    event: "the directory is removed",
    reason: "directory-missing",
    lockable: true,
    happen: (dir) => Deno.removeSync(dir.join("data"), { recursive: true }),
  },
  {
    event: "the directory is renamed and a new one made",
    reason: "directory-replaced",
    lockable: true,
    happen(dir) {
      Deno.renameSync(dir.join("data"), dir.join("moved"));
      Deno.mkdirSync(dir.join("data"));
    },
  },
  {
    event: "the directory is renamed and a new one made, into which the lockfile is moved",
    reason: "directory-replaced",
    happen(dir) {
      Deno.renameSync(dir.join("data"), dir.join("moved"));
      Deno.mkdirSync(dir.join("data"));
      Deno.renameSync(dir.join("moved/.handoff.lock"), lockfile(dir));
    },
  },
  {
    event: "a copy of the directory takes its place",
    reason: "directory-replaced",
    lockable: true,
    happen(dir) {
      run("cp", "-a", dir.join("data"), dir.join("copy"));
      Deno.renameSync(dir.join("data"), dir.join("moved"));
      Deno.renameSync(dir.join("copy"), dir.join("data"));
    },
  },
  {
    event: "a file takes the place of the directory",
    reason: "directory-replaced",
    happen(dir) {
      Deno.renameSync(dir.join("data"), dir.join("moved"));
      Deno.writeTextFileSync(dir.join("data"), "");
    },
  },
];

function lockfile(dir: TempDir): string {
  return dir.join("data/.handoff.lock");
}
