import { assertEquals } from "@std/assert";
import { statSync } from "node:fs";
import { inodeAt, sameInode } from "../../lock/file.ts";
import { claim } from "../support/claim.ts";
import { TempDir } from "../support/temp_dir.ts";

claim("an inode number that is beyond what a number holds exactly is asked for again, as a bigint", () => {
  using dir = new TempDir();
  const { dev, ino } = statSync(dir.path, { bigint: true });
  using _stat = new Rounding();
  const found = inodeAt(dir.path);
  assertEquals({ dev: found?.dev, ino: found?.ino }, { dev, ino });
});

claim("files are the same only where both the device and the inode number are", () => {
  const file = { dev: 1n, ino: 2n };
  assertEquals(sameInode({ ...file }, file), true);
  assertEquals(sameInode({ ...file, dev: 3n }, file), false);
  assertEquals(sameInode({ ...file, ino: 3n }, file), false);
  assertEquals(sameInode(undefined, file), false);
});

/** A filesystem whose inode numbers are rounded by `Deno.stat`; at the first look, since `node:fs` may look by it, too. */
class Rounding implements Disposable {
  readonly #statSync = Deno.statSync;

  constructor() {
    Deno.statSync = (path) => {
      this[Symbol.dispose]();
      return { ...Deno.statSync(path), ino: 2 ** 60 };
    };
  }

  [Symbol.dispose](): void {
    Deno.statSync = this.#statSync;
  }
}
