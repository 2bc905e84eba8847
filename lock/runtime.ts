import { LockUnsupportedError } from "../ffi/errors.ts";
import { type Libc, openLibc } from "../ffi/libc.ts";
import { fileError } from "./file_error.ts";

/** What decides whether this runtime can lock at all. */
export interface Runtime {
  /** `Deno.build.os` */
  readonly os: string;
  /** `Deno.version.deno`; undefined where the runtime is not Deno. */
  readonly deno?: string | undefined;
}

/** The first Deno whose `node:fs` descriptors are the kernel's: before it, flock would lock some other file. */
const OLDEST_DENO = [2, 7, 12] as const;

/** Throws {@linkcode LockUnsupportedError} on a runtime where a lock would exclude no process, or the wrong ones. */
export function requireRuntime(runtime: Runtime = thisRuntime()): void {
  const { os, deno } = runtime;
  if (deno === undefined || isOlder(deno)) {
    throw new LockUnsupportedError(
      "runtime",
      `@scope/handoff requires Deno >= ${OLDEST_DENO.join(".")}, but this is ` +
        (deno === undefined ? "not Deno." : `Deno ${deno}. Upgrade with "deno upgrade".`),
    );
  }
  if (os === "linux" || os === "darwin") return;
  throw new LockUnsupportedError(
    "platform",
    `@scope/handoff requires flock(2) and does not support ${os}: only Linux and macOS.`,
  );
}

function thisRuntime(): Runtime {
  // Through globalThis, since a bare `Deno` would be a ReferenceError elsewhere.
  const { Deno } = globalThis as { Deno?: typeof globalThis.Deno };
  return { os: Deno?.build.os ?? "unknown", deno: Deno?.version?.deno };
}

function isOlder(version: string): boolean {
  const numbers = version.split(/[.+-]/, 3).map(Number);
  for (const [index, needed] of OLDEST_DENO.entries()) {
    const number = numbers[index] ?? NaN;
    if (number !== needed) return !(number > needed);
  }
  return false;
}

/** Opens libc; a missing permission becomes an error that names the directory it was needed for. */
export function openLibcFor(dataDir: string): Libc & Disposable {
  try {
    return openLibc();
  } catch (cause) {
    if (!(cause instanceof Deno.errors.NotCapable)) throw cause;
    throw fileError("lock", dataDir, { cause, dataDir });
  }
}
