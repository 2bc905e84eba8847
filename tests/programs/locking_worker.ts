/** Acquires the lock of each directory that it is told of, and keeps it; tells what came of it. Ends when terminated. */
import { DataDirLock } from "@scope/handoff";
import { errorFields } from "./report.ts";

interface WorkerScope {
  onmessage(event: MessageEvent<string>): Promise<void>;
  postMessage(message: unknown): void;
}

const scope = globalThis as unknown as WorkerScope;
const locks: DataDirLock[] = [];

scope.onmessage = async ({ data: dataDir }) => {
  try {
    locks.push(await DataDirLock.acquire(dataDir));
    scope.postMessage({ event: "acquired" });
  } catch (error) {
    scope.postMessage({ event: "refused", ...errorFields(error) });
  }
};
