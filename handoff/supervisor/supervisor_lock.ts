import { closeSync, constants, fstatSync, ftruncateSync, lstatSync, openSync, readFileSync, writeSync } from "node:fs";
import { tryFlock } from "../../ffi/flock.ts";
import { openLibc } from "../../ffi/libc.ts";
import { HandoffError } from "../../lock/errors.ts";
import type { Os } from "../os.ts";

/** Another supervisor has the directory. */
export class SupervisorRunningError extends HandoffError {
  /** Its pid, where the lockfile names one. */
  readonly pid?: number | undefined;

  /** An error for the lockfile at `path`. */
  constructor(path: string, pid?: number) {
    const who = pid === undefined ? "another process" : `process ${pid}`;
    super(`Cannot supervise: ${who} holds ${JSON.stringify(path)}, and is the supervisor of this directory`);
    this.pid = pid;
  }
}

/**
 * The flock that makes this process the supervisor of a directory, for as long as it lives: sockets and journal are
 * touched only by who holds it. The file is never unlinked, or two could hold "the" lock.
 */
export class SupervisorLock implements Disposable {
  readonly #fd: number;

  private constructor(fd: number) {
    this.#fd = fd;
  }

  /**
   * Takes it. Throws {@linkcode SupervisorRunningError} where another process has it. Undefined where there is no such
   * file and `create` is not set.
   */
  static take(path: string, { create }: { readonly create: boolean }): SupervisorLock | undefined {
    const { O_RDWR, O_CREAT, O_NOFOLLOW, O_NONBLOCK } = constants;
    while (true) {
      if (!create && lstatSync(path, { throwIfNoEntry: false }) === undefined) return undefined;
      const fd = openSync(path, O_RDWR | O_NOFOLLOW | O_NONBLOCK | (create ? O_CREAT : 0), 0o600);
      using opened = new DisposableStack();
      opened.defer(() => closeSync(fd));
      if (!flock(fd, path)) throw new SupervisorRunningError(path, pidIn(path));
      if (!leadsTo(path, fd)) continue;
      opened.move();
      const lock = new SupervisorLock(fd);
      lock.nameHolder();
      return lock;
    }
  }

  /**
   * The lock that another supervisor has and this process has inherited as `fd`: the flock is of the open file, which both
   * have then. Throws {@linkcode SupervisorRunningError} where it is not held there, or is not that of the file at `path`.
   */
  static receive(os: Os, fd: number, path: string): SupervisorLock {
    using opened = new DisposableStack();
    // On a number of the runtime's own, which its file functions know.
    const own = openSync(path, constants.O_RDWR | constants.O_NOFOLLOW);
    opened.defer(() => closeSync(own));
    os.duplicateOnto(fd, own, { closeOnExec: true });
    os.close(fd);
    if (!flock(own, path) || !leadsTo(path, own)) throw new SupervisorRunningError(path, pidIn(path));
    opened.move();
    return new SupervisorLock(own);
  }

  /** Writes this process's pid into the file, for the messages of others. */
  nameHolder(): void {
    ftruncateSync(this.#fd);
    writeSync(this.#fd, `${Deno.pid}\n`, 0);
  }

  /** The locked descriptor. */
  get fd(): number {
    return this.#fd;
  }

  [Symbol.dispose](): void {
    closeSync(this.#fd);
  }
}

function flock(fd: number, path: string): boolean {
  using libc = openLibc();
  return tryFlock(libc, fd, { path });
}

/** Whether the file at the path was replaced between our open and our flock. */
function leadsTo(path: string, fd: number): boolean {
  const there = lstatSync(path, { bigint: true, throwIfNoEntry: false });
  const ours = fstatSync(fd, { bigint: true });
  return there !== undefined && there.ino === ours.ino && there.dev === ours.dev;
}

function pidIn(path: string): number | undefined {
  const text = readFileSync(path, "utf8").trim();
  return /^[1-9]\d{0,9}$/.test(text) ? Number(text) : undefined;
}
