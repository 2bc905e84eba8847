import { type Address, checkListenerName, parseAddress } from "../listener.ts";
import { CONFIG_DEADLINE_MS, CONFIG_DRAIN_GRACE_MS, EXIT_GRACE_MS, MAX_RESTARTS, STOP_MS } from "../timeouts.ts";
import { ConfigError } from "./config_error.ts";
import { argument, count, environment, list, oneOf, seconds, text, type ValueReader, wrong } from "./config_values.ts";
import { nearest } from "./nearest.ts";
import { type HandoffPaths, handoffPaths } from "./paths.ts";

/** A listener to bind. */
export interface ListenerConfig {
  readonly name: string;
  readonly address: Address;
}

/** What a supervisor is told. Times are in milliseconds. */
export interface SupervisorConfig {
  /** The data directory of the daemon. */
  readonly dataDir: string;
  readonly paths: HandoffPaths;
  /** The daemon's program and its arguments. */
  readonly command: readonly string[];
  /** What identifies its build; by default the daemon says. */
  readonly buildId?: string | undefined;
  /** What its environment has beside the supervisor's own. */
  readonly env: Readonly<Record<string, string>>;
  readonly listeners: readonly ListenerConfig[];
  readonly drainGraceMs: number;
  readonly deadlineMs: number;
  readonly exitGraceMs: number;
  readonly stopTimeoutMs: number;
  readonly soakMs: number;
  readonly healthCommand?: readonly string[] | undefined;
  readonly healthUrl?: string | undefined;
  readonly maxRestarts: number;
  /** What an exit of the daemon with code 0, by itself, is. */
  readonly onExit0: "stop" | "restart";
  /** Where `/metrics` and `/status` are served. */
  readonly metrics?: Address | undefined;
  /** How its daemons are replaced: those that know nothing of the handoff, by stopping and starting. */
  readonly upgrades: "handoff" | "cold";
  readonly allowedUids: readonly number[];
  readonly allowedBinaries?: readonly string[] | undefined;
  readonly allowedCommands?: readonly (readonly string[])[] | undefined;
}

/** A configuration as it stands in a file: its keys, as they are written there. */
export type RawConfig = Readonly<Record<string, unknown>>;

/**
 * Reads the keys of a configuration. Throws {@linkcode ConfigError}, which names the key, for an unknown one, for a value
 * that it cannot have, and for one that is missing.
 */
export function readConfig(raw: RawConfig): SupervisorConfig {
  for (const key of Object.keys(raw)) requireKnown(key, Object.keys(KEYS));
  function read<Key extends keyof typeof KEYS>(key: Key): ReturnType<typeof KEYS[Key]> | undefined {
    return raw[key] === undefined ? undefined : KEYS[key](raw[key], key) as ReturnType<typeof KEYS[Key]>;
  }
  const dataDir = read("data_dir");
  if (dataDir === undefined) throw new ConfigError("the data directory is missing: --dir, or the key data_dir");
  const binary = read("binary");
  if (raw.soak_secs === undefined && (raw.health_command ?? raw.health_url) !== undefined) {
    throw new ConfigError("health_command and health_url are asked during the soak: soak_secs is missing");
  }
  if (binary === undefined) throw new ConfigError("the command is missing: it stands behind --, or in the key binary");
  return {
    dataDir,
    paths: handoffPaths(dataDir, {
      controlSocket: read("control_socket"),
      triggerSocket: read("trigger_socket"),
      journal: read("journal"),
    }),
    command: [binary, ...read("args") ?? []],
    buildId: read("build_id"),
    env: read("env") ?? {},
    listeners: read("listeners") ?? [],
    drainGraceMs: read("drain_grace_secs") ?? CONFIG_DRAIN_GRACE_MS,
    deadlineMs: read("deadline_secs") ?? CONFIG_DEADLINE_MS,
    exitGraceMs: read("exit_grace_secs") ?? EXIT_GRACE_MS,
    stopTimeoutMs: read("stop_timeout_secs") ?? STOP_MS,
    soakMs: read("soak_secs") ?? 0,
    healthCommand: read("health_command"),
    healthUrl: read("health_url"),
    maxRestarts: read("max_restarts") ?? MAX_RESTARTS,
    onExit0: read("on_exit_0") ?? "stop",
    metrics: read("metrics"),
    upgrades: read("upgrades") ?? "handoff",
    allowedUids: read("allowed_uids") ?? [],
    allowedBinaries: read("allowed_binaries"),
    allowedCommands: read("allowed_commands"),
  };
}

const commandLine: ValueReader<readonly string[]> = (value, key) => {
  const words = list(argument)(value, key);
  if (words.length === 0 || words[0] === "") throw wrong(key, "a program and its arguments");
  return words;
};

const listener: ValueReader<ListenerConfig> = (value, key) => {
  if (typeof value !== "object" || value === null) throw wrong(key, "a table with name and addr");
  for (const field of Object.keys(value)) requireKnown(field, ["name", "addr"], `${key}.`);
  const { name, addr } = value as Record<string, unknown>;
  const listenerName = text(name, `${key}.name`);
  checkListenerName(listenerName);
  return { name: listenerName, address: parseAddress(text(addr, `${key}.addr`)) };
};

const listeners: ValueReader<readonly ListenerConfig[]> = (value, key) => {
  const all = list(listener)(value, key);
  const twice = all.find(({ name }, index) => all.findIndex((other) => other.name === name) !== index);
  if (twice === undefined) return all;
  throw new ConfigError(`${key}: there are two of the name ${JSON.stringify(twice.name)}`);
};

const KEYS = {
  data_dir: text,
  control_socket: text,
  trigger_socket: text,
  journal: text,
  binary: text,
  args: list(argument),
  build_id: text,
  env: environment,
  listeners,
  drain_grace_secs: seconds,
  deadline_secs: seconds,
  exit_grace_secs: seconds,
  stop_timeout_secs: seconds,
  soak_secs: seconds,
  health_command: commandLine,
  health_url: text,
  max_restarts: count,
  on_exit_0: oneOf("stop", "restart"),
  metrics: (value, key) => parseAddress(text(value, key)),
  upgrades: oneOf("handoff", "cold"),
  allowed_uids: list(count),
  allowed_binaries: list(text),
  allowed_commands: list(commandLine),
} satisfies Record<string, ValueReader<unknown>>;

/** The keys that a configuration may have. */
export const CONFIG_KEYS: readonly string[] = Object.keys(KEYS);

function requireKnown(key: string, known: readonly string[], within = ""): void {
  if (known.includes(key)) return;
  const meant = nearest(key, known);
  const hint = meant === undefined ? "" : `; did you mean ${JSON.stringify(within + meant)}?`;
  throw new ConfigError(`unknown key ${JSON.stringify(within + key)}${hint}`);
}
