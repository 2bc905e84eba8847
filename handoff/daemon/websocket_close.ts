import type { IncomingMessage } from "node:http";
import type { Socket } from "node:net";

/** Whether a request asked for a WebSocket. */
export function isWebSocket(request: IncomingMessage): boolean {
  return request.headers.upgrade?.toLowerCase() === "websocket";
}

/**
 * Tells a client of a WebSocket that the service restarts, and that it should connect anew (close code 1012), and ends
 * our side of the connection. The client's answer, or its end, is not waited for.
 */
export function closeWebSocket(socket: Socket): void {
  // A server's frames are not masked: FIN and opcode 8, two bytes, the code.
  if (socket.writable) socket.end(new Uint8Array([0x88, 0x02, SERVICE_RESTART >> 8, SERVICE_RESTART & 0xff]));
}

const SERVICE_RESTART = 1012;
