import type { Calls, CallTable } from "./calls.ts";
import { errnoTable } from "./errno.ts";
import { openSymbols } from "./libc.ts";

const CALLS = {
  dup3: { parameters: [/* oldfd */ "int", /* newfd */ "int", /* flags */ "int"] },
  close: { parameters: [/* fd */ "int"] },
} as const satisfies CallTable;

/** `<fcntl.h>` of Linux. */
const O_CLOEXEC = 0o2000000;

/** A descriptor that another process sent. The runtime knows nothing of it: it stays open until this is disposed of. */
export class ReceivedDescriptor implements Disposable {
  readonly fd: number;
  readonly #calls: Calls<typeof CALLS> & Disposable;
  #open = true;

  constructor(fd: number) {
    this.fd = fd;
    this.#calls = openSymbols(CALLS);
  }

  /**
   * Puts a copy, close-on-exec, in the place of the open descriptor `target`: what the runtime closes from then on is
   * the file that was received. False when nothing was received: no such descriptor is open.
   */
  replace(target: number): boolean {
    const { EBUSY, EINTR } = errnoTable();
    while (true) {
      const result = this.#calls.dup3(this.fd, target, O_CLOEXEC);
      if (result === -EBUSY || result === -EINTR) continue;
      // When it is not open, the number may be that of something opened since: even `target` itself.
      this.#open = result >= 0;
      return this.#open;
    }
  }

  [Symbol.dispose](): void {
    if (this.#open) this.#calls.close(this.fd);
    this.#calls[Symbol.dispose]();
  }
}
