import { assertEquals } from "@std/assert";
import { fromFileUrl } from "@std/path";
import { openOs } from "../../handoff/linux.ts";
import type { OutcomeEvent, SupervisorStatus, TriggerEvent } from "../../handoff/protocol/trigger.ts";
import { ask, type ClientRequest } from "../../handoff/supervisor/trigger_client.ts";
import { inspectSync } from "../../lock/inspect.ts";
import { checkEntries, readEntries } from "../../torture/load/check_entries.ts";
import { HttpConnection } from "../../torture/load/http_connection.ts";
import { commandLine } from "./child.ts";
import { Clients } from "./clients.ts";
import { Hold } from "./hold.ts";
import { handoff, handoffLine, type Outcome } from "./command.ts";
import { DetachedProcess, isAlive, killIfAlive, untilGone } from "./detached.ts";
import { FrameProxy, type FrameProxyPaths, linkToDaemon } from "./frame_proxy.ts";
import { eventually } from "./patience.ts";
import { tempDirWithData } from "./temp_data_dir.ts";

const DAEMON = fromFileUrl(new URL("../handoff/outcomes/programs/journal_daemon.ts", import.meta.url));

/** A line of the supervisor's log. */
export interface LogLine {
  readonly event: string;
  // deno-lint-ignore no-explicit-any -- each event has fields of its own, and the asserts look at them
  readonly [field: string]: any;
}

/** How a deployment is made. */
export interface DeploymentOptions {
  /** Options of `handoff supervise`. */
  readonly flags?: readonly string[];
  /** Whether there can be a proxy between supervisor and daemon: {@linkcode Deployment.proxy}. */
  readonly proxied?: boolean;
}

/** A daemon under `handoff supervise`, real processes both, that outlive the test which started them. */
export class Deployment implements AsyncDisposable {
  readonly #dir = tempDirWithData();
  readonly #options: DeploymentOptions;
  readonly #clients: Clients[] = [];
  #supervisor!: DetachedProcess;
  #address = "127.0.0.1:0";

  private constructor(options: DeploymentOptions) {
    this.#options = options;
  }

  /** Starts both; the daemon serves when it resolves. */
  static async start(options: DeploymentOptions = {}): Promise<Deployment> {
    const deployment = new Deployment(options);
    await using _proxy = options.proxied ? deployment.proxy() : undefined;
    await deployment.supervise();
    await deployment.logged("daemon-serves");
    return deployment;
  }

  /** Starts a supervisor, in the place of one that has ended. */
  async supervise(): Promise<void> {
    const { flags = [] } = this.#options;
    const args = ["supervise", "--listen", `http=${this.#address}`, "--dir", this.dataDir, ...flags];
    const before = this.log("supervising").length;
    const command = handoffLine([...args, "--", ...this.command()]);
    this.#supervisor = await DetachedProcess.start(command, { stderr: this.#logFile });
    const { listeners: [{ address }] } = await this.logged("supervising", before + 1);
    this.#address = address;
  }

  get dataDir(): string {
    return this.#dir.join("data");
  }

  get supervisor(): DetachedProcess {
    return this.#supervisor;
  }

  /** The daemon's command line, of a version with this fault. */
  command(fault?: string): string[] {
    const args = [this.dataDir, this.#dir.path, ...fault === undefined ? [] : [fault]];
    if (this.#options.proxied) args.push(`--control-socket=${this.#sockets.back}`);
    return commandLine(DAEMON, { args });
  }

  /**
   * A proxy between the supervisor and the daemons. Only where the daemons have another control socket than the one that
   * the supervisor connects to, and only one at a time.
   */
  proxy(): FrameProxy {
    return new FrameProxy(this.#sockets);
  }

  /** Every daemon that has been started, as far as it got. */
  get daemons(): number[] {
    return this.#points().filter(({ point }) => point.startsWith("start-")).map(({ pid }) => pid);
  }

  /** The lines of the supervisors' log about an event. */
  log(event: string): LogLine[] {
    return readLines<LogLine>(this.#logFile).filter((line) => line.event === event);
  }

  /** All that supervisors and daemons have written to their standard error. */
  stderr(): string {
    return Deno.readTextFileSync(this.#logFile);
  }

  /** The `count`th line about an event, as soon as there are so many. */
  async logged(event: string, count = 1): Promise<LogLine> {
    return await eventually(() => {
      const line = this.log(event).at(count - 1);
      if (line === undefined) throw new Error(`Not ${count} of "${event}" in ${Deno.readTextFileSync(this.#logFile)}`);
      return line;
    });
  }

  /** Has every daemon that comes to a point wait there. */
  hold(point: string): Hold {
    const before = this.#points().length;
    return new Hold(this.#dir.join(`hold-${point}`), async () => {
      return await eventually(() => {
        const found = this.#points().slice(before).find((line) => line.point === point);
        if (found === undefined) throw new Error(`No daemon came to ${point}`);
        return found.pid;
      });
    });
  }

  /** Has every daemon that comes to a point throw there, until it is disposed of. */
  failing(point: string): Disposable {
    return new Hold(this.#dir.join(`fail-${point}`));
  }

  /** Runs `handoff upgrade`. */
  async upgrade({ command = [], flags = [] }: UpgradeOptions = {}): Promise<Outcome> {
    const behind = command.length === 0 ? [] : ["--", ...command];
    return await handoff(["upgrade", ...flags, this.dataDir, ...behind]);
  }

  /** Has the supervisor do something, without a process in between. */
  async ask(request: ClientRequest): Promise<OutcomeEvent> {
    return await this.#askFor("outcome", request);
  }

  /** What the supervisor says of itself. */
  async status(): Promise<SupervisorStatus> {
    return (await this.#askFor("status", { verb: "status" })).status;
  }

  /** The pid of the daemon that answers. */
  async pid(): Promise<number> {
    using connection = await HttpConnection.open(this.address);
    await connection.write("GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
    return JSON.parse((await connection.answer()).body).pid;
  }

  get address(): { readonly hostname: string; readonly port: number } {
    const [hostname, port] = this.#address.split(":");
    return { hostname, port: Number(port) };
  }

  /** Clients that post to it. */
  clients(): Clients {
    const clients = new Clients(this.address);
    this.#clients.push(clients);
    return clients;
  }

  /** Fails if an upgrade does not commit, or the one before goes on. */
  async assertUpgradeCommits(): Promise<void> {
    const before = await this.pid();
    const { outcome, reason } = await this.ask({ verb: "upgrade", follow: true });
    assertEquals({ outcome, reason }, { outcome: "committed", reason: undefined });
    await untilGone(before);
    assertEquals(this.livingDaemons(), [await this.pid()]);
    if (this.#options.proxied) linkToDaemon(this.#sockets);
  }

  /** Ends the clients; fails if something that was ever acknowledged is not in the journal, once and in order. */
  async assertAllKept(): Promise<void> {
    for (const clients of this.#clients) await clients.end();
    const requests = this.#clients.flatMap((clients) => clients.requests);
    assertEquals(checkEntries(readEntries(`${this.dataDir}/journal.db`), requests).slice(0, 5), []);
  }

  /** The daemons that run. */
  livingDaemons(): number[] {
    return this.daemons.filter(isAlive);
  }

  /** The process that has the lock, as the pidfile names it; undefined where nobody has it. */
  lockHolder(): number | undefined {
    const { held, holder } = inspectSync(this.dataDir);
    return held ? holder.pid : undefined;
  }

  get journal(): string {
    return `${this.dataDir}/.handoff.journal`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    using _dir = this.#dir;
    this.#supervisor.kill("SIGTERM");
    await this.#supervisor.ended();
    for (const pid of this.livingDaemons()) {
      killIfAlive(pid, "SIGKILL");
      await untilGone(pid);
    }
  }

  async #askFor<Name extends TriggerEvent["event"]>(
    name: Name,
    request: ClientRequest,
  ): Promise<Extract<TriggerEvent, { event: Name }>> {
    using os = openOs();
    for await (const event of ask(os, `${this.dataDir}/.handoff.supervisor.sock`, request)) {
      if (event.event === name) return event as Extract<TriggerEvent, { event: Name }>;
    }
    throw new Error(`The supervisor did not answer with ${name}`);
  }

  get #sockets(): FrameProxyPaths {
    return { front: `${this.dataDir}/.handoff.sock`, back: `${this.dataDir}/daemon.sock` };
  }

  get #logFile(): string {
    return this.#dir.join("log");
  }

  #points(): { readonly point: string; readonly pid: number }[] {
    return readLines(this.#dir.join("points"));
  }
}

/** What `handoff upgrade` is told. */
export interface UpgradeOptions {
  readonly command?: readonly string[];
  readonly flags?: readonly string[];
}

/** The JSON lines of a file, where there is one; what else is in it does not count. */
function readLines<Line>(path: string): Line[] {
  try {
    const lines = Deno.readTextFileSync(path).split("\n").slice(0, -1);
    return lines.filter((line) => line.startsWith("{")).map((line) => JSON.parse(line));
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return [];
    throw error;
  }
}
