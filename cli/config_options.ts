import { resolve } from "@std/path";
import type { RawConfig } from "../handoff/supervisor/config.ts";
import { type Arguments, usageError } from "./command.ts";

/** Options that are settings of a number of seconds, and the key of the configuration that each stands for. */
const SECONDS: Readonly<Record<string, string>> = {
  "drain-grace": "drain_grace_secs",
  deadline: "deadline_secs",
  "exit-grace": "exit_grace_secs",
  "stop-timeout": "stop_timeout_secs",
};

/** Options that are paths. */
const PATHS: Readonly<Record<string, string>> = {
  dir: "data_dir",
  "control-socket": "control_socket",
  "trigger-socket": "trigger_socket",
  journal: "journal",
};

/** Options that stand for a key as they are. */
const WORDS: Readonly<Record<string, string>> = { "build-id": "build_id", metrics: "metrics", upgrades: "upgrades" };

/** The settings of `supervise` that stand for keys of a configuration. */
export const CONFIG_SETTINGS: readonly string[] = [
  ...Object.keys(PATHS),
  ...Object.keys(SECONDS),
  "max-restarts",
  ...Object.keys(WORDS),
];

/** What the command line says in place of a configuration's keys. */
export function overridesOf({ settings, lists, commandLine }: Arguments): RawConfig {
  const overrides: Record<string, unknown> = {};
  for (const [option, key] of Object.entries(PATHS)) {
    const path = settings.get(option);
    if (path !== undefined) overrides[key] = resolve(path);
  }
  for (const [option, key] of Object.entries({ ...SECONDS, "max-restarts": "max_restarts" })) {
    if (settings.has(option)) overrides[key] = number(settings.get(option)!, option);
  }
  for (const [option, key] of Object.entries(WORDS)) {
    if (settings.has(option)) overrides[key] = settings.get(option);
  }
  const listeners = lists.get("listen") ?? [];
  if (listeners.length > 0) overrides.listeners = listeners.map(listener);
  const [binary, ...args] = commandLine;
  return binary === undefined ? overrides : { ...overrides, binary, args };
}

function number(text: string, option: string): number {
  if (/^\d+(\.\d+)?$/.test(text)) return Number(text);
  throw usageError(`--${option} needs a number, and "${text}" is none`);
}

function listener(text: string): RawConfig {
  const [, name, addr] = /^([^=]+)=(.+)$/s.exec(text) ?? [];
  if (name === undefined) throw usageError(`--listen needs NAME=ADDRESS, and "${text}" has no name`);
  return { name, addr };
}
