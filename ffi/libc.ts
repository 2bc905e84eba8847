/**
 * The C library: the only file of the project that calls `Deno.dlopen` (a lint rule holds it to that).
 *
 * Two facts of the platform shape it. `errno` belongs to the thread and is overwritten by whatever the runtime calls
 * next, so every symbol is synchronous and `errno` is copied out before anything is allocated. And Deno compiles a
 * trampoline for each symbol when a library is opened, 50 µs apiece, unless a parameter is a struct: so one `int` of
 * each signature is declared as `struct { int }`, which every ABI we run on passes exactly like the `int` itself.
 */

import { bindCalls, type Calls, type CallTable, declarations } from "./calls.ts";
import { HandoffError, LockUnsupportedError } from "./errors.ts";
import { errnoTable } from "./errno.ts";
import { permittedLibraries, type Platform } from "./libc_path.ts";

/** `<sys/file.h>`, the same on Linux and macOS: gives a flock back, whichever it was. */
export const LOCK_UN = 8;

/** The calls this module makes. Each returns 0, or `-errno` as the kernel itself does. */
export interface Libc {
  /** flock(2). */
  flock(fd: number, operation: number): number;
  /** kill(2). */
  kill(pid: number, signal: number): number;
  /** fstatfs(2), into a buffer that takes the platform's `struct statfs`. */
  fstatfs(fd: number, buffer: Uint8Array<ArrayBuffer>): number;
  /** getrlimit(2), into a buffer that takes `struct rlimit`. */
  getrlimit(resource: number, buffer: Uint8Array<ArrayBuffer>): number;
}

/** What decides which library is opened, and how: replaced by fakes where a platform cannot run here. */
export interface Loader extends Platform {
  dlopen<S extends Deno.ForeignLibraryInterface>(path: string, symbols: S): Deno.DynamicLibrary<S>;
}

const INT = { struct: ["i32"] } as const;
const POINTER = { struct: ["pointer"] } as const;

/** Opens libc, or joins the opening that another lock of this thread keeps: the last disposal closes it. */
export function openLibc(): Libc & Disposable {
  shared ??= { library: loadLibc(thisRuntime()), users: 0 };
  const { library } = shared;
  shared.users++;
  let disposed = false;
  return {
    ...library,
    [Symbol.dispose](): void {
      if (disposed || shared === undefined) return;
      disposed = true;
      if (--shared.users > 0) return;
      shared = undefined;
      library[Symbol.dispose]();
    },
  };
}

let shared:
  | { readonly library: Libc & Disposable; users: number }
  | undefined;

function thisRuntime(): Loader {
  return {
    os: Deno.build.os,
    arch: Deno.build.arch,
    env: Deno.build.env,
    libcPath: readableVariable("HANDOFF_LIBC"),
    ffiPermission: (path) => Deno.permissions.querySync(path === undefined ? { name: "ffi" } : { name: "ffi", path }),
    requestFfi: () => Deno.permissions.requestSync({ name: "ffi" }),
    dlopen: Deno.dlopen,
  };
}

/** A variable of the environment, where it may be read without asking the user; an empty one is as good as none. */
function readableVariable(variable: string): string | undefined {
  if (Deno.permissions.querySync({ name: "env", variable }).state !== "granted") return undefined;
  return Deno.env.get(variable) || undefined;
}

/**
 * A second descriptor of the open file `fd`, which child processes inherit until it is disposed of: dup(2) does not copy
 * the close-on-exec flag.
 */
export function duplicateForChildren(fd: number): Disposable {
  const libc = openFirst(thisRuntime(), {
    dup: { parameters: [/* oldfd */ INT], result: "i32" },
    close: { parameters: [/* fd */ INT], result: "i32" },
  });
  const copy = libc.symbols.dup(cInt(fd));
  if (copy === -1) {
    libc.close();
    throw new HandoffError(`Cannot duplicate descriptor ${fd}: too many open files`);
  }
  return {
    [Symbol.dispose](): void {
      libc.symbols.close(cInt(copy));
      libc.close();
    },
  };
}

/**
 * JavaScript source of an expression that opens libc with these symbols: for a worker from a `data:` URL, which can
 * import nothing. It opens what this thread has the permission for; the caller closes it.
 */
export function librarySource(symbols: Deno.ForeignLibraryInterface, loader: Loader = thisRuntime()): string {
  const paths = permittedLibraries(loader);
  return `(${openAny})(Deno.dlopen, ${JSON.stringify(paths)}, ${JSON.stringify(symbols)})`;
}

/** Uses nothing but its parameters, since it travels as text. */
function openAny(dlopen: Loader["dlopen"], paths: readonly string[], symbols: Deno.ForeignLibraryInterface): unknown {
  let failure: unknown;
  for (const path of paths) {
    try {
      return dlopen(path, symbols);
    } catch (error) {
      failure = error;
    }
  }
  throw failure;
}

/** Opens a libc of its own and proves that its errno can be read. Use {@linkcode openLibc}. */
export function loadLibc(loader: Loader): Libc & Disposable {
  const library = openFirst(loader, symbolsFor(loader));
  const { symbols } = library;
  const errno = errnoReader(symbols);
  const libc = {
    flock(fd: number, operation: number): number {
      const op = cInt(operation);
      return symbols.flock(fd, op) === 0 ? 0 : -errno();
    },
    kill(pid: number, signal: number): number {
      const sig = cInt(signal);
      return symbols.kill(pid, sig) === 0 ? 0 : -errno();
    },
    fstatfs(fd: number, buffer: Uint8Array<ArrayBuffer>): number {
      const file = cInt(fd);
      return symbols.fstatfs(file, buffer) === 0 ? 0 : -errno();
    },
    getrlimit(resource: number, buffer: Uint8Array<ArrayBuffer>): number {
      const which = cInt(resource);
      return symbols.getrlimit(which, buffer) === 0 ? 0 : -errno();
    },
    [Symbol.dispose]: (): void => library.close(),
  };
  const probed = libc.flock(-1, LOCK_UN);
  if (probed === -errnoTable(loader.os).EBADF) return libc;
  library.close();
  throw new LockUnsupportedError(
    "errno",
    `errno cannot be read: flock(-1, LOCK_UN) should fail with EBADF, but errno is ${-probed}`,
  );
}

/** Opens the calls of `table` beside what a lock opens, in a libc of their own. */
export function openSymbols<const T extends CallTable>(
  table: T,
  loader: Loader = thisRuntime(),
): Calls<T> & Disposable {
  const { memcpy, errnoLocation } = symbolsFor(loader);
  const library = openFirst(loader, { ...declarations(table), memcpy, errnoLocation });
  const errno = errnoReader(library.symbols);
  const calls = bindCalls(table, library.symbols, errno);
  return { ...calls, [Symbol.dispose]: (): void => library.close() };
}

/** What reads errno, right after a call and before anything is allocated. */
function errnoReader(
  { memcpy, errnoLocation }: Pick<Deno.DynamicLibrary<typeof SYMBOLS>["symbols"], "memcpy" | "errnoLocation">,
): () => number {
  // errno's address is fixed for the thread, and an isolate never changes its thread.
  const location = errnoLocation();
  const bytes = new Uint8Array(4);
  const value = new Int32Array(bytes.buffer);
  return () => {
    memcpy(bytes, location, 4n);
    return value[0] ?? 0;
  };
}

const SYMBOLS = {
  flock: { parameters: [/* fd */ "i32", /* operation */ INT], result: "i32" },
  kill: { parameters: [/* pid */ "i32", /* sig */ INT], result: "i32" },
  fstatfs: { name: "fstatfs" as string, parameters: [/* fd */ INT, /* buf */ "buffer"], result: "i32" },
  getrlimit: { parameters: [/* resource */ INT, /* rlim */ "buffer"], result: "i32" },
  memcpy: { parameters: [/* dest */ "buffer", /* src */ POINTER, /* n */ "usize"], result: "void" },
  errnoLocation: { name: "__errno_location" as string, parameters: [], result: POINTER },
} as const satisfies Deno.ForeignLibraryInterface;

function symbolsFor({ os, arch }: Loader): typeof SYMBOLS {
  if (os !== "darwin") return SYMBOLS;
  // On x86_64 the plain name has kept the old structure, of 32-bit inode numbers.
  const fstatfs = { ...SYMBOLS.fstatfs, name: arch === "x86_64" ? "fstatfs$INODE64" : "fstatfs" };
  return { ...SYMBOLS, fstatfs, errnoLocation: { ...SYMBOLS.errnoLocation, name: "__error" } };
}

const cell = new Int32Array(1);
const cellBytes = new Uint8Array(cell.buffer);

/** A C int for the next call; one cell serves all, since every call is over before the next is prepared. */
function cInt(value: number): Uint8Array<ArrayBuffer> {
  cell[0] = value;
  return cellBytes;
}

function openFirst<S extends Deno.ForeignLibraryInterface>(loader: Loader, symbols: S): Deno.DynamicLibrary<S> {
  const failures: unknown[] = [];
  for (const path of permittedLibraries(loader)) {
    try {
      return loader.dlopen(path, symbols);
    } catch (error) {
      if (error instanceof Deno.errors.NotCapable) throw error;
      failures.push(error);
    }
  }
  throw new LockUnsupportedError(
    "libc",
    `Cannot open the C library: ${
      failures.map(String).join("; ")
    }. Run with a plain --allow-ffi, or, where libc is elsewhere, ` +
      "with its absolute path in HANDOFF_LIBC, and --allow-env=HANDOFF_LIBC.",
  );
}
