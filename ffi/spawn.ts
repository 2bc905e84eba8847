import { printableJson } from "./printable.ts";
import type { Calls, CallTable } from "./calls.ts";
import { type DescriptorCalls, duplicate } from "./descriptor.ts";
import { HandoffError, SyscallError } from "./errors.ts";
import { C, OPAQUE_SIZE, SIZE } from "./linux_abi.ts";
import { bytes, cString, pinned, stringArray, viewOf } from "./memory.ts";
import { inheritable, type OpenFilesCalls } from "./open_files.ts";

/** Calls that start a program. Each of posix_spawn's returns an errno, and not -1. */
export const SPAWN_CALLS = {
  posix_spawn: {
    parameters: [
      /* pid */ "buffer",
      /* path */ "buffer",
      /* file_actions */ "buffer",
      /* attr */ "buffer",
      /* argv */ "buffer",
      /* envp */ "buffer",
    ],
  },
  posix_spawnattr_init: { parameters: [/* attr */ "buffer"] },
  posix_spawnattr_destroy: { parameters: [/* attr */ "buffer"] },
  posix_spawnattr_setflags: { parameters: [/* attr */ "buffer", /* flags */ "int"] },
  posix_spawnattr_setsigdefault: { parameters: [/* attr */ "buffer", /* signals */ "buffer"] },
  posix_spawnattr_setsigmask: { parameters: [/* attr */ "buffer", /* signals */ "buffer"] },
  posix_spawn_file_actions_init: { parameters: [/* actions */ "buffer"] },
  posix_spawn_file_actions_destroy: { parameters: [/* actions */ "buffer"] },
  posix_spawn_file_actions_adddup2: { parameters: [/* actions */ "buffer", /* fd */ "int", /* newfd */ "int"] },
  posix_spawn_file_actions_addclose: { parameters: [/* actions */ "buffer", /* fd */ "int"] },
  // glibc 2.34; musl has none.
  posix_spawn_file_actions_addclosefrom_np: { parameters: [/* actions */ "buffer", /* from */ "int"], optional: true },
  // glibc 2.29, musl 1.1.24.
  posix_spawn_file_actions_addchdir_np: { parameters: [/* actions */ "buffer", /* path */ "buffer"], optional: true },
  access: { parameters: [/* path */ "buffer", /* mode */ "int"] },
} as const satisfies CallTable;

/** What starting a program needs of the C library. */
export type SpawnCalls =
  & Calls<typeof SPAWN_CALLS>
  & OpenFilesCalls
  & Pick<DescriptorCalls, "fcntl" | "close">;

/** A program to start. */
export interface Program {
  readonly argv: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly cwd?: string;
  readonly descriptors?: ReadonlyMap<number, number>;
}

/** The C library cannot start a program in another directory: glibc before 2.29, musl before 1.1.24. */
export class WorkingDirectoryUnsupportedError extends HandoffError {}

/** What execvp(3) looks through when the environment has no `PATH`. */
const DEFAULT_PATH = "/usr/local/bin:/bin:/usr/bin";

/**
 * Starts a program with every signal at its default and none blocked, and returns its pid. It inherits the standard
 * streams and `descriptors`, and nothing else. A program without a slash is looked for in the `PATH` of the environment
 * that it is given. Throws {@linkcode SyscallError}, naming the program, when it cannot be executed.
 */
export function spawn(calls: SpawnCalls, { argv, env, cwd, descriptors = new Map() }: Program): number {
  const [program] = argv;
  if (!program) throw new TypeError("Cannot start a program without a name");
  const args = stringArray(argv);
  const environment = stringArray(Object.entries(env).map(variable));
  using attributes = spawnAttributes(calls);
  using actions = fileActions(calls, descriptors, cwd);
  const pid = bytes(4);
  const memory = [...args.strings, ...environment.strings];
  let denied = false;
  for (const path of candidates(program, env.PATH)) {
    const errno = pinned(memory, () =>
      calls.posix_spawn(
        pid,
        cString(path),
        actions.memory,
        attributes.memory,
        args.pointers,
        environment.pointers,
      ));
    if (errno === 0) return viewOf(pid).getInt32(0, true);
    if (cwd !== undefined) checkDirectory(calls, cwd);
    denied ||= errno === C.EACCES;
    if (errno !== C.ENOENT && errno !== C.ENOTDIR && errno !== C.EACCES) throw notStarted(program, errno);
  }
  throw notStarted(program, denied ? C.EACCES : C.ENOENT);
}

function notStarted(program: string, errno: number): SyscallError {
  return new SyscallError("start", { syscall: "posix_spawn", errno, path: program });
}

/** Where the program may be: the same order as execvp(3). */
function candidates(program: string, path = DEFAULT_PATH): readonly string[] {
  if (program.includes("/")) return [program];
  return path.split(":").map((folder) => `${folder === "" ? "." : folder}/${program}`);
}

function variable([name, value]: [string, string]): string {
  if (name === "" || name.includes("=")) throw new TypeError(`${printableJson(name)} is not a variable's name`);
  return `${name}=${value}`;
}

/** posix_spawn does not say which of its steps failed. */
function checkDirectory(calls: Pick<SpawnCalls, "access">, cwd: string): void {
  const result = calls.access(cString(`${cwd}/.`), C.X_OK);
  if (result < 0) throw new SyscallError("start a program in", { syscall: "chdir", errno: -result, path: cwd });
}

interface Filled extends Disposable {
  readonly memory: Uint8Array<ArrayBuffer>;
}

function spawnAttributes(calls: SpawnCalls): Filled {
  const memory = bytes(OPAQUE_SIZE);
  succeed("init", calls.posix_spawnattr_init(memory));
  // Deno ignores SIGPIPE, and what is ignored or blocked stays so across exec.
  calls.posix_spawnattr_setflags(memory, C.POSIX_SPAWN_SETSIGDEF | C.POSIX_SPAWN_SETSIGMASK);
  calls.posix_spawnattr_setsigdefault(memory, bytes(SIZE["sigset_t"]).fill(0xff));
  calls.posix_spawnattr_setsigmask(memory, bytes(SIZE["sigset_t"]));
  return { memory, [Symbol.dispose]: () => void calls.posix_spawnattr_destroy(memory) };
}

function fileActions(calls: SpawnCalls, descriptors: ReadonlyMap<number, number>, cwd: string | undefined): Filled {
  const memory = bytes(OPAQUE_SIZE);
  using undo = new DisposableStack();
  const lifted = undo.use(new DisposableStack());
  succeed("init", calls.posix_spawn_file_actions_init(memory));
  undo.defer(() => void calls.posix_spawn_file_actions_destroy(memory));
  const firstFree = Math.max(2, ...descriptors.keys()) + 1;
  for (const [target, fd] of descriptors) {
    // A copy above every target: no copy overwrites the source of another, and none meets its own number.
    const source = duplicate(calls, fd, firstFree);
    lifted.defer(() => void calls.close(source));
    succeed("adddup2", calls.posix_spawn_file_actions_adddup2(memory, source, target));
  }
  for (const fd of unnamed(calls, descriptors, firstFree)) {
    succeed("addclose", calls.posix_spawn_file_actions_addclose(memory, fd));
  }
  const closeFrom = calls.posix_spawn_file_actions_addclosefrom_np;
  if (closeFrom !== undefined) succeed("addclosefrom_np", closeFrom(memory, firstFree));
  if (cwd !== undefined) addDirectory(calls, memory, cwd);
  const filled = undo.move();
  return { memory, [Symbol.dispose]: () => filled.dispose() };
}

/** What the child must close one by one: the gaps between the targets and, where closefrom is missing, all that is open. */
function unnamed(calls: SpawnCalls, descriptors: ReadonlyMap<number, number>, firstFree: number): number[] {
  const below = Array.from({ length: firstFree - 3 }, (_, i) => i + 3).filter((fd) => !descriptors.has(fd));
  if (calls.posix_spawn_file_actions_addclosefrom_np !== undefined) return below;
  return [...below, ...inheritable(calls).filter((fd) => fd >= firstFree)];
}

function addDirectory(calls: SpawnCalls, actions: Uint8Array<ArrayBuffer>, cwd: string): void {
  const addChdir = calls.posix_spawn_file_actions_addchdir_np;
  if (addChdir === undefined) {
    throw new WorkingDirectoryUnsupportedError(
      `Cannot start a program in ${printableJson(cwd)}: this C library has no posix_spawn_file_actions_addchdir_np`,
    );
  }
  succeed("addchdir_np", addChdir(actions, cString(cwd)));
}

function succeed(step: string, errno: number): void {
  if (errno === 0) return;
  throw new SyscallError("prepare the start of a program", { syscall: `posix_spawn_file_actions_${step}`, errno });
}
