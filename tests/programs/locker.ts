/**
 * What flock(1) does, by `Deno.FsFile.tryLock`: `locker.ts <file> <command> [args…]` runs the command while it holds the
 * flock of the file, and exits with 1 where another process holds it.
 */
const [path, command, ...args] = Deno.args;
using file = await Deno.open(path, { read: true, write: true, create: true });
if (!await file.tryLock(true)) Deno.exit(1);
const { code } = await new Deno.Command(command, { args }).spawn().status;
Deno.exit(code);
