import type { Os } from "../os.ts";
import { bindSocketFile, leadsTo } from "../socket_file.ts";

/** Where the descriptors of the daemon with this control socket can be asked for. */
export function transferSocketOf(controlSocket: string): string {
  return `${controlSocket}.fds`;
}

/**
 * The two socket files of the process that has the lock. Only such a process binds them, since that takes the path from
 * its holder; they are never unlinked by a process that has served, so that the path always leads somewhere.
 */
export class Sockets implements Disposable {
  readonly #os: Os;
  readonly #files: readonly [SocketFile, SocketFile];

  private constructor(os: Os, files: readonly [SocketFile, SocketFile]) {
    this.#os = os;
    this.#files = files;
  }

  /** Binds both; with the lock held. */
  static bind(os: Os, controlSocket: string): Sockets {
    using bound = new DisposableStack();
    const bind = (path: string) => {
      const file = { path, fd: bindSocketFile(os, path) };
      bound.defer(() => os.close(file.fd));
      bound.defer(() => unlink(os, file));
      return file;
    };
    const transfer = bind(transferSocketOf(controlSocket));
    const control = bind(controlSocket);
    bound.move();
    return new Sockets(os, [control, transfer]);
  }

  /** The listening control socket. */
  get control(): number {
    return this.#files[0].fd;
  }

  /** The listening transfer socket. */
  get transfer(): number {
    return this.#files[1].fd;
  }

  /** Takes back the paths that lead to another process's sockets; with the lock held. True when there was one. */
  restore(): boolean {
    let restored = false;
    for (const file of this.#files) {
      if (leadsTo(this.#os, file.path, file.fd)) continue;
      const fd = bindSocketFile(this.#os, file.path);
      this.#os.close(file.fd);
      file.fd = fd;
      restored = true;
    }
    return restored;
  }

  /** Whether a supervisor that connects to the control path comes here. */
  get reachable(): boolean {
    return leadsTo(this.#os, this.#files[0].path, this.#files[0].fd);
  }

  [Symbol.dispose](): void {
    for (const { fd } of this.#files) this.#os.close(fd);
  }
}

interface SocketFile {
  readonly path: string;
  fd: number;
}

function unlink(os: Os, { path, fd }: SocketFile): void {
  if (leadsTo(os, path, fd)) Deno.removeSync(path);
}
