import { Child } from "./child.ts";
import { inTime } from "./patience.ts";
import { TempDir } from "./temp_dir.ts";

/** One system call about a data directory, or about a file in it. */
export interface Call {
  readonly thread: number;
  /** Without what distinguishes it on some platforms: `open`, `rename`, `unlink`. */
  readonly name: string;
  /** The name of the file in the data directory; `"."` for the directory itself. */
  readonly file: string;
  /** The arguments and the result as strace writes them. */
  readonly text: string;
}

/** A directory on a disk: /var/tmp outlives a reboot, while /tmp may be kept in memory, where there is nothing to flush. */
const ON_DISK = "/var/tmp";

/** What `holder.ts` asks of the kernel about its data directory while it obeys the commands, in order. */
export async function trace(commands: readonly string[]): Promise<Call[]> {
  using dir = new TempDir(ON_DISK);
  using output = new TempDir();
  const prefix = ["strace", "-ff", "-ttt", "-y", "-qq", "-e", `trace=${TRACED}`, "-o", output.join("trace")];
  await using holder = new Child("holder.ts", { args: [dir.path], prefix });
  for (const command of commands) await inTime(holder.ask(command));
  await holder.end();
  return calls(output, dir);
}

/** What changes a file, or the lock on it; the question mark is for calls that some platforms do not have. */
const TRACED = [
  ...["?open", "openat", "flock", "write", "close", "fsync", "fdatasync", "?sync_file_range", "ftruncate", "truncate"],
  ...["?rename", "?renameat", "renameat2", "?unlink", "unlinkat", "?link", "linkat"],
].join();

/** strace writes a file for each thread, so that no call is torn in two, and the time at which each call began. */
function calls(output: TempDir, dir: TempDir): Call[] {
  const lines = output.entries().flatMap((name) => {
    const thread = Number(name.split(".")[1]);
    return Deno.readTextFileSync(output.join(name)).split("\n").map((line) => ({ thread, line }));
  });
  return lines
    .filter(({ line }) => line.includes(dir.path))
    .toSorted((a, b) => parseFloat(a.line) - parseFloat(b.line))
    .map(({ thread, line }) => ({ thread, ...parse(line, dir.path) }));
}

/** `1700000000.123456 openat(AT_FDCWD</>, "/data/.handoff.lock", O_RDWR) = 21</data/.handoff.lock>` */
function parse(line: string, dataDir: string): Omit<Call, "thread"> {
  const [, name, text] = /^[\d.]+ (\w+?)(?:at2?)?\((.*)$/.exec(line) ?? [];
  const [path] = text.split(dataDir)[1].split(/[">]/);
  return { name, file: path.replace("/", "") || ".", text };
}
