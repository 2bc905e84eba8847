import { assertEquals, assertMatch } from "@std/assert";
import { allStarted } from "./all_started.ts";
import { Child } from "./child.ts";
import { contents, leaveStale } from "./data_files.ts";
import { isFree } from "./foreign_holder.ts";
import { TempDir } from "./temp_dir.ts";
import { Tracer } from "./tracer.ts";

/** Which system calls fail in place of being made. */
export interface Fault {
  /** As strace takes it: a name, or a slash and a regular expression, since names differ between platforms. */
  readonly call: string;
  /** What the call is about: a name in the data directory, or `"."` for the directory itself. */
  readonly file: string;
  /** What the kernel says: `"ENOSPC"`. */
  readonly error: string;
  /** Which of those calls, counted in each thread: `"2"`, `"1..9"`; all by default. */
  readonly when?: string;
}

/** The error that a fault is to end in. */
export interface Failure {
  /** The name of its class. */
  readonly error: string;
  readonly code: string;
  /** The start of the message, for a given data directory; the cause follows. */
  says(dataDir: string): string;
}

/** What a person reads of the cause, in the words of Deno, Node or the kernel. */
const CAUSES: Readonly<Record<string, RegExp>> = {
  EDQUOT: /quota exceeded/i,
  EFBIG: /file (is )?too large/i,
  EINTR: /EINTR/,
  EIO: /i(nput)?\/o(utput)? error/i,
  EMFILE: /too many open files/i,
  ENOLCK: /ENOLCK/,
  ENOSPC: /no space left on device/i,
  EROFS: /read-only file ?system/i,
};

/** Makes the system calls of a process fail, until the end of the block. */
export function inject(pid: number, dataDir: string, { call, file, error, when = "1+" }: Fault): Promise<Tracer> {
  const path = file === "." ? dataDir : `${dataDir}/${file}`;
  return Tracer.attach(pid, { files: [path], inject: `${call}:error=${error}:when=${when}` });
}

/**
 * Acquires in a directory that a crash left, in a process with a fault: the acquire must end in the failure and leave
 * all as it was, for others to use at once, and for the same process to use when the fault is over.
 */
export async function assertUndone(form: string, fault: Fault, failure: Failure): Promise<void> {
  using dir = new TempDir();
  leaveStale(dir.path);
  const before = contents(dir.path);
  await using process = new Child("holder.ts", { args: [dir.path] });
  await allStarted([process]);
  {
    await using _fault = await inject(process.pid, dir.path, fault);
    assertFailure(await process.ask(form), failure, dir.path);
    assertEquals(contents(dir.path), before);
    assertEquals(isFree(dir.path), true);
  }
  assertEquals((await process.ask(form)).event, "acquired");
}

/** That what a program reports is the failure, and that its message names the path and the cause. */
export function assertFailure(report: object, { error, code, says }: Failure, dataDir: string): void {
  const { event, message, ...fields } = report as Record<string, string>;
  assertEquals({ event, error: fields.error, code: fields.code }, { event: "refused", error, code }, message);
  assertEquals(message.slice(0, says(dataDir).length), says(dataDir));
  assertMatch(message.slice(says(dataDir).length), CAUSES[code]);
}

/** What Deno has no class of its own for. */
export function plainError(code: string, says: (dataDir: string) => string): Failure {
  return { error: "Error", code, says };
}

/** The failure to name the holder. */
export function unpublished(code: string): Failure {
  return plainError(code, (dataDir) => `Cannot publish the pidfile "${dataDir}/.handoff.pidfile": `);
}
