import { assertEquals, assertStringIncludes } from "@std/assert";
import { Child, commandLine } from "../support/child.ts";
import { claim } from "../support/claim.ts";
import { isFree, untilFree } from "../support/foreign_holder.ts";
import { handoff, startHandoff } from "../support/command.ts";
import { TempDir } from "../support/temp_dir.ts";

/** A run that was killed with SIGKILL, and its command that lives on, until the block ends. */
class Orphaned implements AsyncDisposable {
  readonly wrapper: Child;
  readonly command: number;

  private constructor(wrapper: Child, command: number) {
    this.wrapper = wrapper;
    this.command = command;
  }

  static async of(dir: TempDir): Promise<Orphaned> {
    const wrapper = startHandoff(["run", dir.path, "--", ...commandLine("signalled.ts")]);
    const { pid } = await wrapper.next();
    await wrapper.killed();
    return new Orphaned(wrapper, pid);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    // The command ends with its standard input.
    await this.wrapper[Symbol.asyncDispose]();
  }
}

claim("the command of a run that was killed with SIGKILL still excludes others", async () => {
  using dir = new TempDir();
  await using orphaned = await Orphaned.of(dir);
  await using contender = new Child("holder.ts", { args: [dir.path] });
  const refusal = await contender.ask("acquire");
  assertEquals(refusal.error, "LockHeldError");
  assertEquals(refusal.holder, { pid: orphaned.wrapper.pid, liveness: "dead", self: false });
});

claim("breaking does not get past the command of a run that was killed with SIGKILL", async () => {
  using dir = new TempDir();
  await using _orphaned = await Orphaned.of(dir);
  assertEquals((await handoff(["run", "--break-stale", dir.path, "--", "true"])).code, 75);
});

claim("status names the command of a run that was killed with SIGKILL as what holds the lock", async () => {
  using dir = new TempDir();
  await using orphaned = await Orphaned.of(dir);
  const { code, stdout } = await handoff(["status", dir.path]);
  assertEquals(code, 75);
  assertStringIncludes(stdout, `held, but the named holder, process ${orphaned.wrapper.pid}, is dead\n`);
  assertStringIncludes(
    stdout,
    `process ${orphaned.command}, which inherited the lock from process ${orphaned.wrapper.pid}: `,
  );
});

claim("status --json names the command of a run that was killed with SIGKILL, and nobody else", async () => {
  using dir = new TempDir();
  await using orphaned = await Orphaned.of(dir);
  const { stdout } = await handoff(["status", "--json", dir.path]);
  assertEquals(JSON.parse(stdout).descriptorHolders, [
    { pid: orphaned.command, inheritedFrom: orphaned.wrapper.pid, command: commandLine("signalled.ts") },
  ]);
});

claim("the directory is free when the command of a run that was killed with SIGKILL has ended", async () => {
  using dir = new TempDir();
  await using orphaned = await Orphaned.of(dir);
  assertEquals(isFree(dir.path), false);
  Deno.kill(orphaned.command, "SIGKILL");
  await untilFree(dir.path);
});

/** A command that ends at once, and leaves a process behind, which ends with its standard input. */
const LEAVING = ["sh", "-c", `exec 3<&0; cat <&3 >/dev/null 2>&1 & echo "{\\"event\\":\\"left\\",\\"pid\\":$!}"`];

claim("a process that the command leaves behind holds the directory after run has ended", async () => {
  using dir = new TempDir();
  await using running = startHandoff(["run", dir.path, "--", ...LEAVING]);
  const { pid } = await running.next();
  assertEquals((await running.status).code, 0);
  const { code, stdout } = await handoff(["status", "--json", dir.path]);
  assertEquals(code, 75);
  assertEquals(JSON.parse(stdout).descriptorHolders, [{ pid, inheritedFrom: running.pid, command: ["cat"] }]);
});

claim("run takes its pidfile away also when the command leaves a process behind", async () => {
  using dir = new TempDir();
  await using running = startHandoff(["run", dir.path, "--", ...LEAVING]);
  await running.next();
  assertEquals((await running.status).code, 0);
  assertEquals(dir.entries(), [".handoff.lock"]);
});
