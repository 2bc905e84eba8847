/**
 * Acquires the lock of each directory that it is told of, or adopts it where it is told a descriptor, and keeps it; tells
 * what came of it. Ends when terminated.
 */
import { HeldLock } from "../../lock/held_lock.ts";
import { errorFields } from "./report.ts";

interface WorkerScope {
  onmessage(event: MessageEvent<{ dataDir: string; fd?: number }>): Promise<void>;
  postMessage(message: unknown): void;
}

const scope = globalThis as unknown as WorkerScope;
const locks: HeldLock[] = [];

scope.onmessage = async ({ data: { dataDir, fd } }) => {
  try {
    locks.push(await (fd === undefined ? HeldLock.acquire(dataDir) : HeldLock.adopt(dataDir, fd)));
    scope.postMessage({ event: "acquired" });
  } catch (error) {
    scope.postMessage({ event: "refused", ...errorFields(error) });
  }
};
