import { fromFileUrl } from "@std/path";
import type { OutcomeEvent, TriggerEvent } from "../../handoff/protocol/trigger.ts";
import { type RawConfig, readConfig } from "../../handoff/supervisor/config.ts";
import type { LogFields } from "../../handoff/supervisor/log.ts";
import { supervise } from "../../handoff/supervisor/supervise.ts";
import type { Supervisor } from "../../handoff/supervisor/supervisor.ts";
import type { UpgradeOrder, Upgrades } from "../../handoff/supervisor/upgrade.ts";
import { commandLine } from "./child.ts";
import { inTime } from "./patience.ts";
import type { TempDir } from "./temp_dir.ts";

const PEER = fromFileUrl(new URL("../handoff/supervisor/programs/plain_daemon.ts", import.meta.url));

/** The command line of the daemon that plays incumbent and successor, with its faults. */
export function peer(dir: TempDir, ...options: string[]): string[] {
  return commandLine(PEER, { args: [dir.path, ...options] });
}

/** What a daemon answers. */
export interface Answer {
  readonly pid: number;
  readonly build: string;
  readonly env: Readonly<Record<string, string>>;
}

/** A line of a supervisor's log. */
export interface Logged extends LogFields {
  readonly event: string;
}

/** A supervisor in this process, with a real daemon; stopped at the end of the block. */
export class Supervised implements AsyncDisposable {
  readonly supervisor: Supervisor;
  readonly log: Logged[];
  /** Resolves to the exit code. */
  readonly code: Promise<number>;
  readonly #upgrades: Upgrades;
  readonly #news: Set<() => void>;

  private constructor(
    { supervisor, upgrades, code, log, news }: {
      supervisor: Supervisor;
      upgrades: Upgrades;
      code: Promise<number>;
      log: Logged[];
      news: Set<() => void>;
    },
  ) {
    this.supervisor = supervisor;
    this.#upgrades = upgrades;
    this.code = code;
    this.log = log;
    this.#news = news;
  }

  /** Supervises the daemon of a command line; the listener "http" is on a port of its own. */
  static async start(dir: TempDir, command: readonly string[], keys: RawConfig = {}): Promise<Supervised> {
    const [binary, ...args] = command;
    const listeners = [{ name: "http", addr: "127.0.0.1:0" }];
    const config = readConfig({ data_dir: dir.path, binary, args, listeners, ...keys });
    const log: Logged[] = [];
    const news = new Set<() => void>();
    const { promise, resolve } = Promise.withResolvers<[Supervisor, Upgrades]>();
    const code = supervise(config, {
      log: (event, fields = {}) => {
        log.push({ ...fields, event });
        for (const tell of news) tell();
      },
      reload: () => Promise.resolve(config),
      stderr: () => {},
      started: (supervisor, upgrades) => resolve([supervisor, upgrades]),
    });
    const failed = code.then(() => {
      throw new Error("It ended before it had started");
    });
    const [supervisor, upgrades] = await Promise.race([promise, failed]);
    failed.catch(() => {});
    return new Supervised({ supervisor, upgrades, code, log, news });
  }

  /** The same, once the daemon serves. */
  static async serving(dir: TempDir, command: readonly string[], keys: RawConfig = {}): Promise<Supervised> {
    const supervised = await Supervised.start(dir, command, keys);
    await supervised.logged("daemon-serves");
    return supervised;
  }

  /** The `count`th line of an event, as soon as there are so many. */
  async logged(event: string, count = 1): Promise<Logged> {
    const look = () => this.log.filter((line) => line.event === event).at(count - 1);
    const { promise, resolve } = Promise.withResolvers<Logged>();
    const tell = () => {
      const line = look();
      if (line !== undefined) resolve(line);
    };
    this.#news.add(tell);
    tell();
    try {
      return await inTime(promise);
    } finally {
      this.#news.delete(tell);
    }
  }

  async upgrade(order: UpgradeOrder = {}, report?: (event: TriggerEvent) => void): Promise<OutcomeEvent> {
    return await inTime(this.#upgrades.upgrade(order, report));
  }

  /** What whoever serves now answers. */
  async ask(): Promise<Answer> {
    const { address } = this.supervisor.status().listeners[0];
    const response = await fetch(`http://${address}/`);
    return await response.json();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.supervisor.stop();
    await inTime(this.code);
  }
}
