import { type Libc, openLibc } from "../ffi/libc.ts";
import { fileError } from "./file_error.ts";

/** Opens libc; a missing permission becomes an error that names the directory it was needed for. */
export function openLibcFor(dataDir: string): Libc & Disposable {
  try {
    return openLibc();
  } catch (cause) {
    if (!(cause instanceof Deno.errors.NotCapable)) throw cause;
    throw fileError("lock", dataDir, { cause, dataDir });
  }
}
