import { addressOf, beforeDrained, bindListener, formatAddress, keepAccepting, parseAddress } from "../listener.ts";
import type { Os } from "../os.ts";
import { createServices } from "./create_services.ts";
import { DrainError } from "./daemon_errors.ts";
import type { DrainOptions, DrainReport, ListenAddress, Service, ServiceOptions } from "./service.ts";

/** What is served, and where. */
export interface ServingOptions<State> extends ServiceOptions<State> {
  /**
   * Where each listener is bound that nobody hands in: `"127.0.0.1:8080"`, `"[::1]:0"`, `"*:8080"`, `"unix:/path"`. One
   * that is handed in under the same name wins.
   */
  readonly listen?: Readonly<Record<string, string>>;
}

/** What {@linkcode Serving} needs from the daemon. */
export interface ServingHost<State> {
  readonly os: Os;
  readonly state: () => State;
  /** The listeners that were handed in. They are closed with the others. */
  readonly inherited: ReadonlyMap<string, number>;
  /** Whether the services listen by themselves, where no descriptors can be had. */
  readonly alone?: boolean | undefined;
}

/** The listeners of a daemon, and the services that accept on them: all at once, or none. */
export class Serving<State> implements AsyncDisposable {
  readonly #os: Os;
  readonly #options: ServingOptions<State>;
  readonly #listeners: Map<string, number>;
  readonly #services: Map<string, Service>;
  readonly #alone: boolean;
  /** What the services listen on by themselves. */
  readonly #addresses = new Map<string, ListenAddress>();
  #draining = new AbortController();

  /** Throws where the options are invalid, or a service has no listener and no address; nothing is bound yet. */
  constructor(options: ServingOptions<State>, { os, state, inherited, alone = false }: ServingHost<State>) {
    this.#os = os;
    this.#alone = alone;
    this.#options = options;
    this.#listeners = new Map(inherited);
    this.#services = createServices(options, { os, state, draining: () => this.#draining.signal });
    this.#checkNames();
  }

  /** Aborted when a drain begins; another one after a resume. */
  get draining(): AbortSignal {
    return this.#draining.signal;
  }

  /** Every listener, those included that were handed in and that nothing is served on. They stay this object's. */
  get listeners(): ReadonlyMap<string, number> {
    return this.#listeners;
  }

  /** What is served, by the names of the listeners. */
  get services(): ReadonlyMap<string, Service> {
    return this.#services;
  }

  /** Where each service accepts. */
  addresses(): Record<string, string> {
    return Object.fromEntries(
      this.#served().map(([name, listener]) => {
        const address = typeof listener === "number"
          ? addressOf(this.#os, listener)
          : listener.bound ?? listener.wanted;
        return [name, address === undefined ? "" : formatAddress(address)];
      }),
    );
  }

  /** Binds what was not handed in. What fails is thrown, and what was bound before it stays for the disposal. */
  bind(): void {
    for (const name of this.#services.keys()) {
      if (this.#listeners.has(name)) continue;
      const wanted = parseAddress(this.#options.listen![name]!);
      if (this.#alone) this.#addresses.set(name, { wanted });
      else this.#listeners.set(name, bindListener(this.#os, wanted));
    }
  }

  /** Accepts connections. */
  async accept(): Promise<void> {
    for (const [name, listener] of this.#served()) {
      await this.#services.get(name)!.accept(listener);
      if (typeof listener === "number") keepAccepting(this.#os, listener);
    }
  }

  /** Accepts nothing more, and finishes what is in flight. Rejects with {@linkcode DrainError} where that goes on, and is not forced. */
  async drain(options: DrainOptions): Promise<DrainReport> {
    this.#draining.abort();
    const reports = await Promise.all([...this.#services.values()].map((service) => service.drain(options)));
    const pending = reports.flatMap((report) => report.pending);
    if (pending.length > 0 && !options.force) throw new DrainError(pending);
    for (const [, listener] of this.#served()) if (typeof listener === "number") beforeDrained(this.#os, listener);
    return {
      openConnections: reports.reduce((sum, report) => sum + report.openConnections, 0),
      cut: reports.flatMap((report) => report.cut),
      pending,
    };
  }

  /** Accepts again, and goes on with the connections that are left. */
  async resume(): Promise<void> {
    this.#draining = new AbortController();
    for (const [name, listener] of this.#served()) {
      await this.#services.get(name)!.resume(listener);
      if (typeof listener === "number") keepAccepting(this.#os, listener);
    }
  }

  /** Ends every service at once, with the connections that it has. */
  cut(): void {
    this.#draining.abort();
    for (const service of this.#services.values()) service.cut();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.cut();
    await Promise.all([...this.#services.values()].map((service) => service[Symbol.asyncDispose]()));
    for (const fd of this.#listeners.values()) this.#os.close(fd);
    this.#listeners.clear();
  }

  #served(): [string, number | ListenAddress][] {
    return [...this.#services.keys()].map((name) => [name, this.#listeners.get(name) ?? this.#addresses.get(name)!]);
  }

  #checkNames(): void {
    const { listen = {} } = this.#options;
    for (const [name, address] of Object.entries(listen)) {
      if (!this.#services.has(name)) {
        throw new TypeError(`options.listen names ${JSON.stringify(name)}, which nothing serves`);
      }
      parseAddress(address);
    }
    for (const name of this.#services.keys()) {
      if (this.#listeners.has(name) || Object.hasOwn(listen, name)) continue;
      throw new TypeError(
        `Nobody handed in a listener ${JSON.stringify(name)}, and options.listen has no address for it`,
      );
    }
  }
}
