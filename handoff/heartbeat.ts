import { librarySource } from "../ffi/libc.ts";
import {
  beatInWorker,
  CELLS_BYTES,
  openPulse,
  type Pulse,
  TIMESTAMP_AT,
  type WorkerOrder,
} from "./heartbeat_worker.ts";
import type { Os } from "./os.ts";
import { encodeFrame } from "./protocol/frames.ts";

/** Heartbeats on their way. Disposing of them ends and joins them: what is sent next follows a whole frame. */
export interface Heartbeats extends AsyncDisposable {
  /** Whether they go on while this thread's event loop is blocked. */
  readonly survivesBlocking: boolean;
  /** Why not: what refused the worker. */
  readonly cause?: unknown;
}

/** JavaScript source of an expression that opens libc with send(2), of the library that this thread may open. */
export function sendLibrary(): string {
  return librarySource(SEND);
}

/** The program of the worker, which begins with `library`: an expression that opens libc. Replaced in tests. */
export function workerUrl(library: string = sendLibrary()): string {
  const source = `(${beatInWorker})(${openPulse}, ${library}, ${MSG_NOSIGNAL | MSG_DONTWAIT})`;
  return `data:text/javascript,${encodeURIComponent(source)}`;
}

/**
 * What sends heartbeats on a descriptor that it does not own: a worker, or a timer where none can be had. It is
 * prepared once and then started and stopped at will; stopping takes microseconds.
 */
export class Heart implements Disposable {
  readonly #fd: number;
  readonly #url: () => string;
  readonly #shared: SharedArrayBuffer;
  readonly #pulse: Pulse;
  #prepared: PromiseWithResolvers<void> | undefined;
  #worker: Worker | undefined;
  #timer: ReturnType<typeof setInterval> | undefined;
  #interval = 0;
  #cause: unknown;

  constructor(os: Os, fd: number, url: () => string = workerUrl) {
    this.#fd = fd;
    this.#url = url;
    const frame = encodeFrame({ type: "Heartbeat", tsMs: BigInt(Date.now()) });
    this.#shared = new SharedArrayBuffer(CELLS_BYTES + frame.length);
    new Uint8Array(this.#shared, CELLS_BYTES).set(frame);
    this.#pulse = openPulse(this.#shared, (bytes) => orNothing(() => os.send(fd, bytes)), LAYOUT);
  }

  /** Whether a worker has been prepared. */
  get survivesBlocking(): boolean {
    return this.#worker !== undefined;
  }

  /** What refused the worker. */
  get cause(): unknown {
    return this.#cause;
  }

  /** Starts the worker; resolves, never rejects, when it can beat or is known not to come. */
  prepare(): Promise<void> {
    if (this.#prepared === undefined) {
      this.#prepared = Promise.withResolvers();
      this.#startWorker();
    }
    return this.#prepared.promise;
  }

  /** Sends the first heartbeat after `interval` milliseconds. */
  start(interval: number): void {
    this.#interval = interval;
    this.#pulse.set(interval);
    if (this.#worker === undefined) this.#startTimer();
  }

  /** Nothing is sent from now on; returns what is left to send of a frame that was begun. */
  stop(): Uint8Array<ArrayBuffer> {
    this.#interval = 0;
    clearInterval(this.#timer);
    return this.#pulse.stop();
  }

  /** Ends the worker, which does not use the descriptor any more when this returns. */
  [Symbol.dispose](): void {
    this.stop();
    this.#pulse.set(-1);
    this.#worker?.terminate();
    this.#worker = undefined;
    this.#prepared ??= Promise.withResolvers();
    this.#prepared.resolve();
  }

  #startWorker(): void {
    try {
      const worker = this.#worker = new Worker(this.#url(), { type: "module", name: "handoff heartbeats" });
      worker.onmessage = () => {
        worker.postMessage({ fd: this.#fd, shared: this.#shared, layout: LAYOUT } satisfies WorkerOrder);
        this.#prepared!.resolve();
      };
      worker.onerror = (event) => {
        event.preventDefault();
        worker.terminate();
        this.#doWithout(event.error ?? event.message);
      };
    } catch (error) {
      this.#doWithout(error);
    }
  }

  #doWithout(cause: unknown): void {
    this.#worker = undefined;
    this.#cause = cause;
    if (this.#interval > 0) this.#startTimer();
    this.#prepared!.resolve();
  }

  #startTimer(): void {
    this.#timer = setInterval(() => this.#pulse.beat(), this.#interval);
  }
}

const LAYOUT = { cellsBytes: CELLS_BYTES, timestampAt: TIMESTAMP_AT } as const;

// <sys/socket.h> of Linux.
const MSG_DONTWAIT = 0x40;
const MSG_NOSIGNAL = 0x4000;

const SEND = {
  send: { parameters: [/* fd */ "i32", /* buf */ "buffer", /* len */ "usize", /* flags */ "i32"], result: "isize" },
} as const satisfies Deno.ForeignLibraryInterface;

/** The reader of the socket notices that it failed. */
function orNothing(send: () => number): number {
  try {
    return send();
  } catch {
    return 0;
  }
}
