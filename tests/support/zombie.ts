import { eventually } from "./patience.ts";

/** A process that has ended, and that its parent does not wait for. Linux tells. */
export class Zombie implements AsyncDisposable {
  readonly pid: number;
  readonly #parent: Deno.ChildProcess;

  private constructor(pid: number, parent: Deno.ChildProcess) {
    this.pid = pid;
    this.#parent = parent;
  }

  static async make(): Promise<Zombie> {
    // The shell becomes cat, which knows of no child, and ends with its input.
    const args = ["-c", "(until grep -qx cat /proc/$$/comm; do :; done) & echo $!; exec cat >&2"];
    const parent = new Deno.Command("sh", { args, stdin: "piped", stdout: "piped", stderr: "null" }).spawn();
    const pid = Number(await new Response(parent.stdout).text());
    await eventually(() => {
      if (!/\) Z /.test(Deno.readTextFileSync(`/proc/${pid}/stat`))) throw new Error(`Process ${pid} is no zombie`);
    });
    return new Zombie(pid, parent);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#parent.stdin.close();
    await this.#parent.status;
  }
}
