import { existsSync } from "node:fs";
import { encodeFrame, FrameReader } from "../../handoff/protocol/frames.ts";
import type { Message, MessageType } from "../../handoff/protocol/messages.ts";
import { inTime } from "./patience.ts";

/** The paths of a control socket between whose ends this process stands. */
export interface FrameProxyPaths {
  /** Where the supervisor connects. */
  readonly front: string;
  /** Where the daemon listens. */
  readonly back: string;
}

/**
 * Stands between a supervisor and its daemons, and passes on what they say, frame by frame: a test that waits for a frame
 * decides whether it arrives, and whom it kills before that. Disposal leaves the daemon's own socket at the front.
 */
export class FrameProxy implements AsyncDisposable {
  readonly #paths: FrameProxyPaths;
  readonly #listener: Deno.UnixListener;
  readonly #open = new Set<Deno.UnixConn>();
  readonly #running = new Set<Promise<void>>();
  readonly #stops = new Map<MessageType, FrameStop>();

  constructor(paths: FrameProxyPaths) {
    this.#paths = paths;
    const temporary = `${paths.front}.proxy`;
    this.#listener = Deno.listen({ transport: "unix", path: temporary });
    Deno.renameSync(temporary, paths.front);
    this.#run(this.#accept());
  }

  /** Stops the next frame of a type. */
  stop(type: MessageType): FrameStop {
    const stop = new FrameStop(type);
    this.#stops.set(type, stop);
    return stop;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    linkToDaemon(this.#paths);
    this.#listener.close();
    for (const stop of this.#stops.values()) stop.drop();
    for (const connection of this.#open) close(connection);
    while (this.#running.size > 0) await Promise.all(this.#running);
  }

  async #accept(): Promise<void> {
    try {
      for await (const supervisor of this.#listener) this.#run(this.#serve(supervisor));
    } catch {
      // It was closed.
    }
  }

  async #serve(supervisor: Deno.UnixConn): Promise<void> {
    this.#open.add(supervisor);
    try {
      const daemon = await Deno.connect({ transport: "unix", path: this.#paths.back });
      this.#open.add(daemon);
      await Promise.all([this.#pass(supervisor, daemon), this.#pass(daemon, supervisor)]);
      this.#open.delete(daemon);
    } catch {
      close(supervisor);
    }
    this.#open.delete(supervisor);
  }

  /** Passes on what comes from one side, until either is closed; then neither stays open. */
  async #pass(from: Deno.UnixConn, to: Deno.UnixConn): Promise<void> {
    const reader = new FrameReader();
    const chunk = new Uint8Array(65_536);
    try {
      for (let count; (count = await from.read(chunk)) !== null;) {
        reader.push(chunk.slice(0, count));
        for (let message; (message = reader.next()) !== undefined;) {
          if (await this.#decide(message)) await writeAll(to, encodeFrame(message));
        }
      }
    } catch {
      // One of both is gone.
    }
    close(from);
    close(to);
  }

  async #decide({ type }: Message): Promise<boolean> {
    const stop = this.#stops.get(type);
    if (stop === undefined) return true;
    this.#stops.delete(type);
    return await stop.meet();
  }

  #run(task: Promise<void>): void {
    this.#running.add(task);
    void task.finally(() => this.#running.delete(task));
  }
}

/** A frame that does not arrive before the test has decided. */
export class FrameStop {
  readonly #type: MessageType;
  readonly #met = Promise.withResolvers<void>();
  readonly #decided = Promise.withResolvers<boolean>();

  constructor(type: MessageType) {
    this.#type = type;
  }

  /** Resolves when the frame is here. */
  async reached(): Promise<void> {
    await inTime(this.#met.promise, `Nobody sent ${this.#type}`);
  }

  /** Lets it arrive. */
  pass(): void {
    this.#decided.resolve(true);
  }

  /** As if its sender had died before it sent it. */
  drop(): void {
    this.#decided.resolve(false);
  }

  /** Called with the frame: resolves to whether it is to arrive. */
  async meet(): Promise<boolean> {
    this.#met.resolve();
    return await this.#decided.promise;
  }
}

/** Puts the sockets of the daemon that serves now at the front. */
export function linkToDaemon({ front, back }: FrameProxyPaths): void {
  for (const suffix of ["", ".fds"]) {
    const temporary = `${front}${suffix}.link`;
    Deno.linkSync(`${back}${suffix}`, temporary);
    Deno.renameSync(temporary, `${front}${suffix}`);
    // Where both were the same file already, rename(2) does nothing.
    if (existsSync(temporary)) Deno.removeSync(temporary);
  }
}

async function writeAll(to: Deno.UnixConn, bytes: Uint8Array): Promise<void> {
  for (let written = 0; written < bytes.length;) written += await to.write(bytes.subarray(written));
}

function close(connection: Deno.UnixConn): void {
  try {
    connection.close();
  } catch {
    // It is closed already.
  }
}
