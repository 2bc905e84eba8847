import { assertEquals, assertMatch, assertNotEquals } from "@std/assert";
import { fromFileUrl } from "@std/path";
import { claim } from "../../support/claim.ts";
import { handoff } from "../../support/command.ts";
import { SupervisorProcess } from "../../support/supervisor_process.ts";
import { TempDir } from "../../support/temp_dir.ts";

const FOREIGN = fromFileUrl(new URL("programs/foreign.py", import.meta.url));
const NEEDS = { needs: ["linux", "python3"] } as const;
const COLD = ["--upgrades", "cold"];

claim("a server that knows only LISTEN_FDS serves under a supervisor", async () => {
  using dir = new TempDir();
  await using supervisor = await SupervisorProcess.serving(dir, foreign("first"), COLD);
  assertEquals((await supervisor.ask()).build, "first");
}, NEEDS);

claim("an upgrade of one stops and starts it, and says so; every connection waits, and none is refused", async () => {
  using dir = new TempDir();
  await using supervisor = await SupervisorProcess.serving(dir, foreign("first"), COLD);
  const { pid } = await supervisor.ask();
  await using load = new Load(() => supervisor.ask());
  const { code, stdout, stderr } = await handoff(["upgrade", dir.path, "--", ...foreign("second")]);
  await load.afterwards();
  assertEquals(code, 0, stderr);
  assertMatch(stdout, /stopped and started anew \(upgrades = "cold"\), and connections waited meanwhile/);
  const after = await supervisor.ask();
  assertEquals(after.build, "second");
  assertNotEquals(after.pid, pid);
  assertEquals(load.refused, 0);
}, NEEDS);

claim("one that dies is started again, with its listeners kept", async () => {
  using dir = new TempDir();
  await using supervisor = await SupervisorProcess.serving(dir, foreign("first"), COLD);
  const { pid } = await supervisor.ask();
  Deno.kill(pid, "SIGKILL");
  await supervisor.logged("daemon-died");
  assertNotEquals((await supervisor.ask()).pid, pid);
}, NEEDS);

claim("an upgrade of one to what dies at once fails with 3, since nobody serves", async () => {
  using dir = new TempDir();
  await using _supervisor = await SupervisorProcess.serving(dir, foreign("first"), COLD);
  const { code, stderr } = await handoff(["upgrade", dir.path, "--", "/bin/false"]);
  assertEquals(code, 3);
  assertMatch(stderr, /the new daemon ended within a second/);
}, NEEDS);

claim("a rehearsal of one is refused with the reason", async () => {
  using dir = new TempDir();
  await using _supervisor = await SupervisorProcess.serving(dir, foreign("first"), COLD);
  const { code, stderr } = await handoff(["upgrade", "--check", dir.path]);
  assertEquals(code, 2);
  assertMatch(stderr, /cannot be rehearsed/);
}, NEEDS);

claim(
  "where it is not configured as one, an upgrade is refused and tells of the setting, and it serves on",
  async () => {
    using dir = new TempDir();
    await using supervisor = new SupervisorProcess(dir, foreign("first"));
    const { pid } = await supervisor.ask();
    const { code, stderr } = await handoff(["upgrade", "--timeout=0.5", dir.path]);
    assertEquals(code, 2);
    assertMatch(stderr, /has not said Hello within 0\.5 s.*upgrades = "cold"/);
    assertEquals((await supervisor.ask()).pid, pid);
  },
  NEEDS,
);

function foreign(build: string): string[] {
  return ["python3", FOREIGN, build];
}

/** One request after the other, each on a connection of its own. */
class Load implements AsyncDisposable {
  refused = 0;
  #served = 0;
  #ended = false;
  readonly #running: Promise<void>;
  readonly #ask: () => Promise<unknown>;

  constructor(ask: () => Promise<unknown>) {
    this.#ask = ask;
    this.#running = this.#run();
  }

  /** Resolves when two more requests have been answered, so that one of them was sent after this call. */
  async afterwards(): Promise<void> {
    const served = this.#served;
    while (this.#served < served + 2) await new Promise((resolve) => setTimeout(resolve, 1));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#ended = true;
    await this.#running;
  }

  async #run(): Promise<void> {
    while (!this.#ended) {
      try {
        await this.#ask();
        this.#served++;
      } catch (error) {
        // A request that the server had taken is lost with it; that is no refusal.
        if (String(error).includes("refused")) this.refused++;
      }
    }
  }
}
