import { HandoffError } from "../lock/errors.ts";
import type { Os } from "./os.ts";

/** Where a listener is bound. */
export type Address =
  | { readonly family: "inet"; readonly host: string; readonly port: number }
  | { readonly family: "inet6"; readonly host: string; readonly port: number; readonly v6Only: boolean }
  | { readonly family: "unix"; readonly path: string };

/** An address or a name that cannot be used, or cannot be bound. */
export class ListenerError extends HandoffError {}

/** `127.0.0.1:8080`, `[::1]:0`, `*:8080` (IPv4 and IPv6), `unix:/path`. */
export function parseAddress(_text: string): Address {
  throw new Error("to come");
}

/** The same as text. */
export function formatAddress(_address: Address): string {
  throw new Error("to come");
}

/** Whether a socket that is bound to `bound` is what `wanted` asks for; a wanted port 0 is any. */
export function isBoundAs(_bound: Address, _wanted: Address): boolean {
  throw new Error("to come");
}

/** Throws a ListenerError for a name that is empty, too long, or has a ":" or a control character. */
export function checkListenerName(_name: string): void {
  throw new Error("to come");
}

export function bindListener(_os: Os, _address: Address, _options: { backlog?: number } = {}): number {
  throw new Error("to come");
}

/** Where a socket is bound; undefined where `fd` is no socket. */
export function addressOf(_os: Os, _fd: number): Address | undefined {
  throw new Error("to come");
}

/** To be called again whenever accepting goes on: O_NONBLOCK and SO_RCVTIMEO are shared with every process that has it. */
export function keepAccepting(_os: Os, _fd: number): void {
  throw new Error("to come");
}

/** Gives the listener back as a peer of any kind expects it. */
export function beforeDrained(_os: Os, _fd: number): void {
  throw new Error("to come");
}

/** What was inherited. */
export interface InheritedListeners {
  /** By name: close-on-exec, and listening. */
  readonly listeners: ReadonlyMap<string, number>;
  /** What is no listening socket; left open and untouched. */
  readonly refused: readonly { readonly name: string; readonly fd: number; readonly reason: string }[];
}

/** Takes the descriptors from 3 on, one for each name, that `LISTEN_FDS` promised. */
export function inheritListeners(_os: Os, _names: readonly string[]): InheritedListeners {
  throw new Error("to come");
}
