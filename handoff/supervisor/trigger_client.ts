import { statSync } from "node:fs";
import { dirname } from "@std/path";
import { HandoffError } from "../../lock/errors.ts";
import type { Os } from "../os.ts";
import { encodeTriggerRequest, MAX_EVENT_BYTES, parseTriggerEvent, type TriggerEvent } from "../protocol/trigger.ts";
import { connectSocketFile, SocketFileError } from "../socket_file.ts";
import { LineChannel } from "./line_channel.ts";

/** No supervisor answers at a trigger socket. */
export class NoSupervisorError extends HandoffError {}

/** A request that a client can make. */
export type ClientRequest = Parameters<typeof encodeTriggerRequest>[0];

/** How long to wait for each event, in milliseconds, and what ends the wait. */
export interface AskOptions {
  readonly timeout?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Asks the supervisor at a trigger socket; the events of its answer, until it closes the connection. Throws
 * {@linkcode NoSupervisorError} where there is none, `ChannelTimeoutError`, and the signal's reason.
 */
export async function* ask(
  os: Os,
  path: string,
  request: ClientRequest,
  options: AskOptions = {},
): AsyncGenerator<TriggerEvent, void> {
  using channel = new LineChannel(os, await connect(os, path), MAX_EVENT_BYTES);
  await channel.send(encodeTriggerRequest(request));
  for (let line; (line = await channel.receive(options)) !== undefined;) {
    if (line.startsWith("err: ")) throw new HandoffError(`The supervisor refuses: ${line.slice("err: ".length)}`);
    const event = parseTriggerEvent(line);
    if (event !== undefined) yield event;
  }
}

async function connect(os: Os, path: string): Promise<number> {
  try {
    return await connectSocketFile(os, path, { extraUids: ownerOf(dirname(path)) });
  } catch (cause) {
    if (!(cause instanceof SocketFileError) || (cause.code !== "ENOENT" && cause.code !== "ECONNREFUSED")) throw cause;
    throw new NoSupervisorError(`No supervisor answers at ${JSON.stringify(path)}`, { cause });
  }
}

/** Whoever has the directory may serve in it: one of another user asks for an upgrade there (`allowed_uids`). */
function ownerOf(directory: string): number[] {
  const owner = statSync(directory, { throwIfNoEntry: false })?.uid;
  return owner === undefined ? [] : [owner];
}
