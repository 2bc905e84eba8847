/** Heartbeats over one descriptor, as both threads see them. */
export interface Pulse {
  /** Sends what the peer takes of the next frame, or of the rest of the last one. */
  beat(): void;
  /** Sets the pause between two frames, in milliseconds; 0 parks the other thread, -1 ends it. */
  set(interval: number): void;
  /** Parks the other thread, and returns what is left of a frame that it has begun. It does not send any more. */
  stop(): Uint8Array<ArrayBuffer>;
  /** Beats until the other thread ends it; blocks this one. */
  run(): void;
}

/** The bytes that a pulse needs before its frame. */
export const CELLS_BYTES = 16;

/** Where the timestamp of a heartbeat begins: behind length, version and the message's number. */
export const TIMESTAMP_AT = 7;

/**
 * The pulse in `shared`: four cells and a frame. Both threads open it. The worker gets this function as text, since a
 * module of its own would need the permission to be read: it can use nothing but its parameters.
 *
 * A thread sends only while it has the lock, and never waits with it: so the other can stop it at any moment, in
 * microseconds, and knows exactly how much of a frame is out.
 */
export function openPulse(
  shared: SharedArrayBuffer,
  send: (bytes: Uint8Array<ArrayBuffer>) => number,
  { cellsBytes, timestampAt }: { readonly cellsBytes: number; readonly timestampAt: number },
): Pulse {
  const [LOCK, INTERVAL, SENT, WAKE] = [0, 1, 2, 3];
  const RETRY_MS = 20;
  const cells = new Int32Array(shared, 0, cellsBytes / 4);
  const frame = new Uint8Array(shared, cellsBytes);

  function exclusively<T>(body: () => T): T {
    while (Atomics.compareExchange(cells, LOCK, 0, 1) !== 0) Atomics.wait(cells, LOCK, 1);
    try {
      return body();
    } finally {
      Atomics.store(cells, LOCK, 0);
      Atomics.notify(cells, LOCK);
    }
  }

  function rest(): Uint8Array<ArrayBuffer> {
    return new Uint8Array(frame.subarray(cells[SENT]));
  }

  function setTimestamp(): void {
    let time = Date.now();
    for (let i = timestampAt; i < frame.length; i++) {
      frame[i] = time % 128 + (i + 1 < frame.length ? 128 : 0);
      time = Math.floor(time / 128);
    }
  }

  function set(interval: number): void {
    Atomics.store(cells, INTERVAL, interval);
    Atomics.add(cells, WAKE, 1);
    Atomics.notify(cells, WAKE);
  }

  function beat(): void {
    exclusively(() => {
      if (Atomics.load(cells, INTERVAL) <= 0) return;
      if (cells[SENT] === 0) setTimestamp();
      // A failure is the other thread's to notice: it reads from the socket.
      cells[SENT]! += Math.max(0, send(rest()));
      if (cells[SENT] === frame.length) cells[SENT] = 0;
    });
  }

  function stop(): Uint8Array<ArrayBuffer> {
    return exclusively(() => {
      set(0);
      const unsent = cells[SENT] === 0 ? new Uint8Array(0) : rest();
      cells[SENT] = 0;
      return unsent;
    });
  }

  function run(): void {
    for (;;) {
      const wake = Atomics.load(cells, WAKE);
      const interval = Atomics.load(cells, INTERVAL);
      if (interval < 0) return;
      const inFrame = Atomics.load(cells, SENT) > 0;
      const pause = interval === 0 ? Infinity : inFrame ? Math.min(RETRY_MS, interval) : interval;
      if (Atomics.wait(cells, WAKE, wake, pause) === "timed-out") beat();
    }
  }

  return { beat, set, stop, run };
}

/** What the worker is given. */
export interface WorkerOrder {
  readonly fd: number;
  readonly shared: SharedArrayBuffer;
  readonly layout: { readonly cellsBytes: number; readonly timestampAt: number };
}

/** What the worker needs of libc. */
export interface SendLibrary {
  readonly symbols: { send(fd: number, bytes: Uint8Array<ArrayBuffer>, length: bigint, flags: number): bigint };
  close(): void;
}

/** The worker's program: text as well, so that it uses nothing but its parameters. */
export function beatInWorker(open: typeof openPulse, library: SendLibrary, flags: number): void {
  const scope = globalThis as unknown as {
    onmessage(event: { readonly data: WorkerOrder }): void;
    postMessage(message: string): void;
    close(): void;
  };
  scope.onmessage = ({ data: { fd, shared, layout } }) => {
    const send = (bytes: Uint8Array<ArrayBuffer>) =>
      Number(library.symbols.send(fd, bytes, BigInt(bytes.length), flags));
    open(shared, send, layout).run();
    library.close();
    scope.close();
  };
  scope.postMessage("ready");
}
