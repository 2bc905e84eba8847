import { assertEquals } from "@std/assert";
import { allStarted } from "../support/all_started.ts";
import { Child } from "../support/child.ts";
import { claim } from "../support/claim.ts";
import { contents, leaveStale } from "../support/data_files.ts";
import { assertFailure, type Failure, plainError, unpublished } from "../support/fault.ts";
import { isFree } from "../support/foreign_holder.ts";
import { run } from "../support/run.ts";
import { TempDir } from "../support/temp_dir.ts";

/** A filesystem, among the mounts of one process, on which at times nobody can be named. */
interface Disk {
  /** Mounts it on the directory `$0`. */
  readonly mount: string;
  spoil(place: Place): void;
  mend(place: Place): void;
  readonly failure: Failure;
}

interface Place {
  readonly pid: number;
  /** Where the process has the directory. */
  readonly path: string;
  /** Where other processes see the directory of the process. */
  readonly seen: string;
}

const DISKS: Readonly<Record<string, Disk>> = {
  "on a full filesystem": {
    mount: 'mount -t tmpfs -o size=64k tmpfs "$0"',
    spoil: ({ seen }) => untilFull(() => Deno.writeFileSync(`${seen}/filler`, new Uint8Array(64 * 1024 + 1))),
    mend: ({ seen }) => Deno.removeSync(`${seen}/filler`),
    failure: unpublished("ENOSPC"),
  },
  "on a filesystem without inodes": {
    mount: 'mount -t tmpfs -o nr_inodes=16 tmpfs "$0"',
    spoil: ({ seen }) => untilFull((nth) => Deno.writeTextFileSync(`${seen}/filler ${nth}`, "")),
    mend: ({ seen }) => Deno.removeSync(`${seen}/filler 0`),
    failure: unpublished("ENOSPC"),
  },
  "in a directory that is mounted read-only": {
    mount: 'mount --bind "$0" "$0"',
    spoil: (place) => remount("ro", place),
    mend: (place) => remount("rw", place),
    failure: plainError("EROFS", (dataDir) => `Cannot open the lockfile "${dataDir}/.handoff.lock": `),
  },
};

for (const form of ["acquire", "acquireSync"]) {
  for (const [where, { mount, spoil, mend, failure }] of Object.entries(DISKS)) {
    claim(`${form}() says ${failure.code} and undoes all ${where}, and succeeds when that is over`, async () => {
      using dir = new TempDir();
      const prefix = ["unshare", "--mount", "sh", "-c", `${mount} && exec "$@"`, dir.path];
      await using process = new Child("holder.ts", { args: [dir.path], prefix });
      await allStarted([process]);
      const place = { pid: process.pid, path: dir.path, seen: `/proc/${process.pid}/root${dir.path}` };
      leaveStale(place.seen);
      spoil(place);
      const before = contents(place.seen);
      assertFailure(await process.ask(form), failure, dir.path);
      assertEquals(contents(place.seen), before);
      assertEquals(isFree(place.seen), true);
      mend(place);
      assertEquals((await process.ask(form)).event, "acquired");
    }, { needs: ["mount"] });
  }
}

function untilFull(use: (nth: number) => void): void {
  try {
    for (let nth = 0;; nth++) use(nth);
  } catch (error) {
    if ((error as { code?: string }).code !== "ENOSPC") throw error;
  }
}

function remount(mode: "ro" | "rw", { pid, path }: Place): void {
  run("nsenter", `--target=${pid}`, "--mount", "mount", "-o", `remount,bind,${mode}`, path);
}
