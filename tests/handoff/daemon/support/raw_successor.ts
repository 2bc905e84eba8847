import { Child, type Report } from "../../../support/child.ts";
import { expectType, Handoff, type TestSupervisor } from "./test_supervisor.ts";

/** A process that is the successor for the incumbent, and says over the transfer socket what a test has it say. */
export class RawSuccessor implements AsyncDisposable {
  readonly handoffId: string;
  readonly pid: number;
  readonly handoff: Handoff;
  readonly #child: Child;

  private constructor(child: Child, handoff: Handoff) {
    this.#child = child;
    this.pid = child.pid;
    this.handoff = handoff;
    this.handoffId = handoff.handoffId;
  }

  /** Connects, and begins a handoff to it. */
  static async start(supervisor: TestSupervisor): Promise<RawSuccessor> {
    const child = new Child("../handoff/daemon/programs/raw_successor.ts", {
      args: [`${supervisor.controlSocket}.fds`],
    });
    await child.next();
    return new RawSuccessor(child, await Handoff.to(supervisor, child.pid));
  }

  /** Says something, and gives what is answered. */
  async ask(message: object): Promise<Report> {
    return await this.#child.ask(JSON.stringify({ v: 1, ...message }));
  }

  /** Says something that has no answer. */
  async say(message: object): Promise<void> {
    await this.#child.send(JSON.stringify({ v: 1, ...message }));
  }

  /** Has the incumbent drain and seal, takes its lock, and says that it serves. */
  async takeOver(): Promise<void> {
    const { handoff, handoffId, pid } = this;
    expectType(await handoff.drain(), "Drained");
    expectType(await handoff.seal(), "SealComplete");
    const { message, count } = await this.ask({ verb: "lock", handoffId });
    if (!message.ok || count !== 1) throw new Error(`No lock: ${JSON.stringify(message)}`);
    await this.ask({ verb: "serving", handoffId, pid });
  }

  async killed(): Promise<void> {
    await this.#child.killed();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.handoff[Symbol.dispose]();
    await this.#child[Symbol.asyncDispose]();
  }
}
