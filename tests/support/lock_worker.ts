import type { Report } from "./child.ts";
import { inTime } from "./patience.ts";

/** A worker of this process that locks a data directory. */
export class LockWorker implements Disposable {
  readonly #worker = new Worker(new URL("../programs/locking_worker.ts", import.meta.url), { type: "module" });
  readonly #dataDir: string;

  constructor(dataDir: string) {
    this.#dataDir = dataDir;
  }

  /** Acquires in the worker, and tells what came of it. */
  async acquire(): Promise<Report> {
    return await this.#ask({});
  }

  /** Adopts a descriptor in the worker, and tells what came of it. */
  async adopt(fd: number): Promise<Report> {
    return await this.#ask({ fd });
  }

  async #ask(what: { fd?: number }): Promise<Report> {
    const { promise, resolve, reject } = Promise.withResolvers<Report>();
    this.#worker.onmessage = ({ data }) => resolve(data);
    this.#worker.onerror = (event) => {
      event.preventDefault();
      reject(event.error ?? new Error(event.message));
    };
    this.#worker.postMessage({ dataDir: this.#dataDir, ...what });
    return await inTime(promise);
  }

  terminate(): void {
    this.#worker.terminate();
  }

  [Symbol.dispose](): void {
    this.terminate();
  }
}
