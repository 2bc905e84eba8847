import { HandoffError } from "../../lock/errors.ts";
import { openOs } from "../linux.ts";
import { inheritListeners } from "../listener.ts";
import type { Os } from "../os.ts";

/** The environment of this process, as far as it may be seen. */
export interface Environment {
  /** The value of a variable; undefined when it is not set, or may not be read. */
  get(name: string): string | undefined;
  /** Removes a variable, so that no child inherits it. */
  remove(name: string): void;
}

/** What every daemon may be started with. */
export interface Inheritance {
  /** The listening sockets that were handed in, by name: `LISTEN_FDS` and `LISTEN_FDNAMES`. */
  readonly listeners: ReadonlyMap<string, number>;
  /** Where the supervisor looks for the control socket: `HANDOFF_CONTROL_SOCKET`. */
  readonly controlSocket?: string | undefined;
  /** What the supervisor was told of the build: `HANDOFF_BUILD_ID`. */
  readonly buildId?: string | undefined;
}

/** The daemon takes the lock by itself, and serves. */
export interface ColdStart extends Inheritance {
  /** Tells it from the other. */
  readonly kind: "cold-start";
}

/** The daemon waits for its turn. */
export interface SuccessorRole extends Inheritance {
  /** Tells it from the other. */
  readonly kind: "successor";
  /** The connection to the supervisor: `HANDOFF_SOCK_FD`. */
  readonly control: number;
  /** What is to become the standard error stream before Ready: `HANDOFF_STDERR_FD`. */
  readonly stderr?: number | undefined;
}

/** How this process was started: by itself or by a supervisor, to serve or to wait for its turn. */
export type InheritedRole = ColdStart | SuccessorRole;

/** The environment says that this process is a successor, but not what a successor needs; or no number where one must be. */
export class RoleError extends HandoffError {
  /** The variable in question. */
  readonly variable: string;

  /** An error about `variable`; `problem` says what is wrong with it. */
  constructor(variable: string, problem: string) {
    super(`Cannot take over the role of the successor: ${variable} ${problem}`);
    this.variable = variable;
  }
}

/**
 * Finds out by the environment how this process was started, once: the variables are removed, and every descriptor that
 * they name is made close-on-exec, so that no child of this process takes them for its own.
 *
 * Throws {@linkcode RoleError} in a successor that cannot talk to its supervisor.
 */
export function readRole(os: Os, env: Environment): InheritedRole {
  const values = VARIABLES.map((name) => take(env, name));
  const [pid, count, names, role, control, stderr, controlSocket, buildId] = values;
  // Meant for another process, such as a shell that started this one: its numbers mean nothing here.
  const block = pid === undefined || pid === String(Deno.pid) ? { count, names } : {};
  const inherited = {
    listeners: readListeners(os, block),
    ...controlSocket && { controlSocket },
    ...buildId && { buildId },
  };
  if (role !== "successor") return { kind: "cold-start", ...inherited };
  return {
    kind: "successor",
    ...inherited,
    control: readControl(os, control),
    ...stderr !== undefined && { stderr: readDescriptor(os, "HANDOFF_STDERR_FD", stderr) },
  };
}

/**
 * Finds out how this process was started, as {@linkcode runDaemon} does: for those who speak the protocol themselves. Call
 * it once, and before any child is started.
 *
 * Permissions: `--allow-ffi`, and `--allow-env` for what a supervisor sets.
 *
 * @example See whether listeners were handed in
 * ```ts
 * import { detectRole } from "jsr:@scope/handoff/daemon";
 *
 * const role = detectRole();
 * console.log(role.kind, [...role.listeners.keys()]);
 * ```
 */
export function detectRole(): InheritedRole {
  using os = openOs();
  return readRole(os, processEnvironment());
}

/** The environment of the process itself. A variable that it has no permission for is one that is not set. */
export function processEnvironment(): Environment {
  const permitted = (variable: string) => Deno.permissions.querySync({ name: "env", variable }).state === "granted";
  return {
    get: (name) => permitted(name) ? Deno.env.get(name) : undefined,
    remove: (name) => permitted(name) && Deno.env.delete(name),
  };
}

const VARIABLES = [
  "LISTEN_PID",
  "LISTEN_FDS",
  "LISTEN_FDNAMES",
  "HANDOFF_ROLE",
  "HANDOFF_SOCK_FD",
  "HANDOFF_STDERR_FD",
  "HANDOFF_CONTROL_SOCKET",
  "HANDOFF_BUILD_ID",
] as const;

function take(env: Environment, name: string): string | undefined {
  const value = env.get(name);
  if (value !== undefined) env.remove(name);
  return value;
}

function readListeners(
  os: Os,
  { count = "0", names = "" }: { count?: string | undefined; names?: string | undefined },
): Map<string, number> {
  const given = names === "" ? [] : names.split(":");
  const named = Array.from({ length: parseDecimal(count) ?? 0 }, (_, index) => given[index] || String(index));
  return new Map(inheritListeners(os, named).listeners);
}

function readControl(os: Pick<Os, "setCloseOnExec" | "socketName">, value: string | undefined): number {
  if (value === undefined) throw new RoleError("HANDOFF_SOCK_FD", "is missing");
  const fd = readDescriptor(os, "HANDOFF_SOCK_FD", value);
  if (os.socketName(fd) === undefined) throw new RoleError("HANDOFF_SOCK_FD", `is not an open socket: ${value}`);
  return fd;
}

function readDescriptor(os: Pick<Os, "setCloseOnExec">, variable: string, value: string): number {
  const fd = parseDecimal(value);
  if (fd === undefined) throw new RoleError(variable, `is not a descriptor: ${JSON.stringify(value)}`);
  try {
    os.setCloseOnExec(fd, true);
  } catch {
    throw new RoleError(variable, `is not open: ${value}`);
  }
  return fd;
}

/** As many descriptors as Linux allows a process by default, and more than anybody passes on. */
const MOST_DESCRIPTORS = 1 << 20;

function parseDecimal(text: string): number | undefined {
  return /^\d{1,7}$/.test(text) && Number(text) <= MOST_DESCRIPTORS ? Number(text) : undefined;
}
