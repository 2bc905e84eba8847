import type { ListenerOptions, ServiceOptions } from "./service.ts";

/** The listeners that the options name. Throws `TypeError` when they are invalid, or name none. */
export function listenersOf<State>(options: ServiceOptions<State>): Map<string, ListenerOptions<State>> {
  const listeners = new Map<string, ListenerOptions<State>>(Object.entries(options.listeners ?? {}));
  if (options.fetch !== undefined) {
    if (listeners.has("http")) throw new TypeError('Invalid option "fetch": listeners.http is given, too');
    listeners.set("http", { fetch: options.fetch });
  }
  if (listeners.size === 0) {
    throw new TypeError('Missing option "fetch": without it, or "listeners", nothing is served');
  }
  for (const [name, listener] of listeners) {
    checkName(name);
    check(options.fetch !== undefined && name === "http" ? "" : `listeners.${name}`, listener);
  }
  return listeners;
}

/** Names travel in `LISTEN_FDNAMES`, separated by colons. */
function checkName(name: string): void {
  if (/^[\x21-\x39\x3b-\x7e]{1,255}$/.test(name)) return;
  throw new TypeError(`Invalid listener name ${JSON.stringify(name)}: 1 to 255 printable ASCII characters, no colon`);
}

const KNOWN = ["fetch", "upgrade", "connection", "tls", "keepAliveTimeout"];

function check(path: string, listener: object): void {
  const at = (key: string): string => JSON.stringify(path === "" ? key : `${path}.${key}`);
  if (typeof listener !== "object" || listener === null) throw new TypeError(`Invalid option "${path}": not an object`);
  const options: Record<string, unknown> = { ...listener };
  for (const key of Object.keys(options)) {
    if (!KNOWN.includes(key)) throw new TypeError(`Unknown option ${at(key)}: known are ${KNOWN.join(", ")}`);
  }
  for (const key of ["fetch", "upgrade", "connection"]) {
    if (options[key] !== undefined && typeof options[key] !== "function") {
      throw new TypeError(`Invalid option ${at(key)}: not a function`);
    }
  }
  if ((options.fetch === undefined) === (options.connection === undefined)) {
    throw new TypeError(`Invalid option "${path}": it takes either fetch or connection`);
  }
  if (options.connection !== undefined) {
    for (const key of ["upgrade", "keepAliveTimeout"]) {
      if (options[key] !== undefined) throw new TypeError(`Invalid option ${at(key)}: it goes with fetch`);
    }
  }
  checkKeepAlive(at("keepAliveTimeout"), options.keepAliveTimeout);
  checkTls(at, options.tls);
}

function checkKeepAlive(at: string, ms: unknown): void {
  if (ms === undefined || (Number.isSafeInteger(ms) && Number(ms) > 0 && Number(ms) <= MAX_TIMEOUT_MS)) return;
  throw new TypeError(`Invalid option ${at}: a whole number of milliseconds, 1 to ${MAX_TIMEOUT_MS}`);
}

/** What a timer of 32 bits takes, less the second that node:http adds. */
const MAX_TIMEOUT_MS = 2 ** 31 - 1 - 1000;

function checkTls(at: (key: string) => string, tls: unknown): void {
  if (tls === undefined) return;
  if (typeof tls !== "object" || tls === null) throw new TypeError(`Invalid option ${at("tls")}: not an object`);
  for (const key of ["cert", "key"]) {
    const pem = (tls as Record<string, unknown>)[key];
    if (typeof pem !== "string") throw new TypeError(`Invalid option ${at(`tls.${key}`)}: not a string in PEM`);
  }
}
