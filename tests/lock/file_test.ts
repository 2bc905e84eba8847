import { assertEquals } from "@std/assert";
import { exactInode } from "../../ffi/exact_inode.ts";
import { inodeAt, sameInode } from "../../lock/file.ts";
import { Child } from "../support/child.ts";
import { claim } from "../support/claim.ts";
import { TempDir } from "../support/temp_dir.ts";

claim(
  "the exact inode of a file is what stat says, by its path and by its descriptor, where that is exact, too",
  () => {
    using dir = new TempDir();
    for (const path of [dir.path, "/dev/null", "/proc/self"]) {
      assertEquals(exactInode({ path, followLink: true }), inodeAt(path));
    }
  },
  { needs: ["linux"] },
);

claim("files are the same only where both the device and the inode number are", () => {
  const file = { dev: 1n, ino: 2n };
  assertEquals(sameInode({ ...file }, file), true);
  assertEquals(sameInode({ ...file, dev: 3n }, file), false);
  assertEquals(sameInode({ ...file, ino: 3n }, file), false);
  assertEquals(sameInode(undefined, file), false);
});

/** Mounts an overlay whose inode numbers are beyond 2^53, then runs what follows with the directory that is in it. */
const ON_OVERLAY = `
cd "$1" && mkdir upper lower mnt && mount -t tmpfs none upper && mount -t tmpfs none lower || exit
mkdir upper/dir upper/work lower/data && touch lower/data/.handoff.lock lower/data/other || exit
mount -t overlay -o xino=on,lowerdir=lower,upperdir=upper/dir,workdir=upper/work none mnt || exit
shift && exec "$@"
`;

claim("on a filesystem whose inode numbers are beyond 2^53, a replaced lockfile is noticed", async () => {
  using dir = new TempDir();
  const prefix = ["unshare", "--mount", "sh", "-c", ON_OVERLAY, "sh", dir.path];
  await using holder = new Child("replacer.ts", { args: [dir.join("mnt/data")], prefix });
  const { before, alike, after, held, second } = await holder.next();
  assertEquals({ before, alike, after }, { before: "none", alike: true, after: "lockfile-replaced" });
  assertEquals({ held, second }, { held: [true, false], second: "acquired" });
}, { needs: ["linux", "mount"] });
