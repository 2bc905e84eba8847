import { createServices } from "../../../../handoff/daemon/create_services.ts";
import type { DrainOptions, DrainReport, Service, ServiceOptions } from "../../../../handoff/daemon/service.ts";
import type { ServiceHost } from "../../../../handoff/daemon/service_host.ts";
import { openOs } from "../../../../handoff/linux.ts";
import type { Os } from "../../../../handoff/os.ts";
import { RawClient } from "./raw_client.ts";

/** A listening socket of this process, on a free port of the loopback. */
export class Listener implements Disposable {
  readonly os: Os = openOs();
  readonly fd = this.os.listenTcp({ host: "127.0.0.1", port: 0 }, 4096);

  get port(): number {
    const name = this.os.socketName(this.fd);
    if (name === undefined || !("port" in name)) throw new Error("Cannot read the port of the listener");
    return name.port;
  }

  connect(): Promise<RawClient> {
    return RawClient.connect(this.port);
  }

  /** So many clients, each connected. */
  clients(count: number): Promise<RawClient[]> {
    return Promise.all(Array.from({ length: count }, () => this.connect()));
  }

  [Symbol.dispose](): void {
    this.os.close(this.fd);
    this.os[Symbol.dispose]();
  }
}

/** What a {@linkcode Served} is made of. */
export interface ServedOptions extends Partial<Pick<ServiceHost<string>, "findParts">> {
  /** What handlers get as `state`. */
  readonly state?: string;
}

/** A service that accepts on a listener, and what it was told of. */
export class Served implements AsyncDisposable {
  readonly service: Service;
  readonly errors: { readonly doing: string; readonly error: unknown }[] = [];
  readonly #listener: Listener;
  #draining = new AbortController();

  private constructor(
    listener: Listener,
    options: ServiceOptions<string>,
    { state = "state", findParts }: ServedOptions,
  ) {
    this.#listener = listener;
    const services = createServices(options, {
      os: listener.os,
      state: () => state,
      draining: () => this.#draining.signal,
      report: (error, doing) => void this.errors.push({ doing, error }),
      findParts,
    });
    [this.service] = services.values();
  }

  /** Begins to serve the only listener of `options`. */
  static async start(
    listener: Listener,
    options: ServiceOptions<string>,
    more: ServedOptions = {},
  ): Promise<Served> {
    const served = new Served(listener, options, more);
    await served.service.accept(listener.fd);
    return served;
  }

  /** Drains, as a daemon does: without a deadline where none is given. */
  drain(options: Partial<DrainOptions> = {}): Promise<DrainReport> {
    this.#draining.abort();
    return this.service.drain({ until: new AbortController().signal, passOn: true, graceMs: 60_000, ...options });
  }

  /** Serves on after a drain. */
  async resume(): Promise<void> {
    this.#draining = new AbortController();
    await this.service.resume(this.#listener.fd);
  }

  /** Gives every paused connection to `successor`. */
  passTo(successor: Served): void {
    for (const { id } of this.service.paused()) {
      successor.service.adopt(this.service.descriptorOf(id));
      this.service.release(id);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.service[Symbol.asyncDispose]();
  }
}
