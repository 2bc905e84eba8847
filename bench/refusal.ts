import type { Contestant } from "./contestant.ts";

/** Takes a lock that is held; throws if that succeeds. */
export async function beRefused({ name, take }: Contestant, dataDir: string): Promise<void> {
  try {
    await take(dataDir);
  } catch {
    return;
  }
  throw new Error(`${name} was not refused`);
}

/** {@linkcode beRefused}, synchronously. */
export function beRefusedSync({ name, takeSync }: Contestant, dataDir: string): void {
  try {
    takeSync(dataDir);
  } catch {
    return;
  }
  throw new Error(`${name} was not refused`);
}
