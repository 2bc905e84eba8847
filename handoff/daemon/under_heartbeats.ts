import type { ControlChannel } from "../control_channel.ts";

/**
 * Does `work` while heartbeats tell the peer that this process lives, also while the event loop is blocked. A peer that is
 * gone is noticed by what is sent next, and never by what the work comes to.
 */
export async function underHeartbeats<T>(channel: ControlChannel, work: () => Promise<T>): Promise<T> {
  const heartbeats = await channel.heartbeats().catch(() => undefined);
  try {
    return await work();
  } finally {
    await ended(heartbeats);
  }
}

async function ended(heartbeats: AsyncDisposable | undefined): Promise<void> {
  try {
    await heartbeats?.[Symbol.asyncDispose]();
  } catch {
    // The next send says so.
  }
}
