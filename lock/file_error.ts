import { errnoName } from "../ffi/errno.ts";
import { printableText } from "../ffi/printable.ts";

/** Deno's own classes for what `node:fs` reports as a plain `Error` with a code. */
const DENO_CLASSES: Readonly<Record<string, string>> = {
  EACCES: "PermissionDenied",
  EPERM: "PermissionDenied",
  EEXIST: "AlreadyExists",
  EISDIR: "IsADirectory",
  ELOOP: "FilesystemLoop",
  ENOENT: "NotFound",
  ENOTDIR: "NotADirectory",
};

/** What some codes mean for a data directory, where the system's own words do not tell. */
const ADVICE: Readonly<Record<string, string>> = {
  EAGAIN: "Another program has a lease on it (F_SETLEASE), as file servers take them: have it give the lease up.",
  EISDIR: "A directory is in its place: move it away.",
  ELOOP: "A symbolic link is refused here, since following it would touch a file elsewhere.",
  ENOTDIR: "The data directory, or a parent of it, is not a directory.",
  ENXIO: "A socket is in its place: move it away.",
  EROFS: "A data directory must be writable.",
};

/** The system's code of an error (`"ENOENT"`), or undefined. */
export function codeOf(error: unknown): string | undefined {
  const { code, message } = error as { code?: unknown; message?: unknown };
  if (typeof code === "string") return code;
  // Deno names most errors only; of the others (EDQUOT, EFBIG) the number is in the message.
  const errno = /\(os error (\d+)\)/.exec(String(message))?.[1];
  return errno === undefined ? undefined : errnoName(Number(errno));
}

/** What an error was caused by, and which permissions the whole operation needs for the directory. */
export interface FileErrorContext {
  readonly cause: unknown;
  readonly dataDir: string;
  readonly access?: readonly ("read" | "write")[];
}

/**
 * `cause` again, of the class a Deno program expects, with its code, and with a message that says what could not be
 * done to which file.
 */
export function fileError(
  doing: string,
  path: string,
  { cause, dataDir, access = ["read", "write"] }: FileErrorContext,
): Error {
  const code = codeOf(cause);
  const reason = cause instanceof Error ? cause.message : String(cause);
  const advice = cause instanceof Deno.errors.NotCapable
    ? flagsAdvice(cause, { dataDir, access })
    : code === "EACCES" || code === "EPERM"
    ? ownerAdvice(path, dataDir)
    : ADVICE[code ?? ""];
  const message = `Cannot ${doing} ${JSON.stringify(path)}: ${reason}` +
    (advice === undefined ? "" : `. ${advice}`);
  const error = new (classOf(cause, code))(printableText(message), { cause });
  return code === undefined ? error : Object.assign(error, { code });
}

const STICKY = 0o1000;

/** Whose file it is that is in the way: the temporary one where it still stands, the file itself, or the directory. */
function ownerAdvice(path: string, dataDir: string): string | undefined {
  for (const place of [`${path}.tmp`, path, dataDir]) {
    try {
      const { uid, mode } = Deno.lstatSync(place);
      const sticky = place !== dataDir && ((Deno.statSync(dataDir).mode ?? 0) & STICKY) !== 0;
      return `${JSON.stringify(place)} belongs to user ${uid}, with mode ${((mode ?? 0) & 0o7777).toString(8)}` +
        (sticky ? ", and only its owner may replace it, since the directory is sticky" : "") +
        ". Have that user, or root, hand it over (chown, chmod).";
    } catch {
      // Not there, or not to be seen.
    }
  }
}

type ErrorClass = new (message: string, options: ErrorOptions) => Error;

function classOf(cause: unknown, code: string | undefined): ErrorClass {
  const own = Object.values(Deno.errors).find((type) => cause instanceof type);
  if (own !== undefined) return own as ErrorClass;
  const name = DENO_CLASSES[code ?? ""] as keyof typeof Deno.errors | undefined;
  return (name === undefined ? Error : Deno.errors[name]) as ErrorClass;
}

/** The flags to add as they would be typed; for the directory all that the operation needs, and lacks. */
function flagsAdvice(cause: Error, { dataDir, access }: Required<Omit<FileErrorContext, "cause">>): string | undefined {
  if (cause.message.startsWith("Requires ffi")) return "Run with --allow-ffi.";
  const flags = access
    .filter((name) => Deno.permissions.querySync({ name, path: dataDir }).state !== "granted")
    .map((name) => allowFlag(name, dataDir));
  // Nothing lacks where Deno asks for more than it can be given by path, as below /proc: its own message says so.
  return flags.length === 0 ? undefined : `Run with ${flags.join(" ")}.`;
}

/** As a shell takes it. A path with a comma cannot be given to Deno, which ends it there: only the whole permission can. */
function allowFlag(name: string, path: string): string {
  if (path.includes(",")) return `--allow-${name}`;
  return `--allow-${name}=${/^[\w@%+:./-]+$/.test(path) ? path : `'${path.replaceAll("'", `'\\''`)}'`}`;
}
