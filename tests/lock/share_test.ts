import { assertEquals } from "@std/assert";
import { inspect } from "@scope/handoff";
import { Child, type Report } from "../support/child.ts";
import { claim } from "../support/claim.ts";
import { dataInMemory } from "../support/temp_data_dir.ts";
import { isFree, untilFree } from "../support/foreign_holder.ts";
import { eventually } from "../support/patience.ts";
import { TempDir } from "../support/temp_dir.ts";

/** How the parent may leave, after which it holds nothing by itself. */
const PARTINGS: Readonly<Record<string, (sharer: Sharer) => Promise<unknown>>> = {
  "releases it": (sharer) => sharer.do("release"),
  "is killed": (sharer) => sharer.killed(),
};

for (const [parting, part] of Object.entries(PARTINGS)) {
  claim(`a child that is spawned while the lock is shared keeps it when its parent ${parting}`, async () => {
    using dir = new TempDir();
    await using sharer = new Sharer(dir);
    await sharer.do("share", "spawn", "unshare");
    await part(sharer);
    assertEquals(isFree(dir.path), false);
    sharer.killChild();
    await untilFree(dir.path);
  });

  claim(`a child that is spawned before the lock is shared keeps nothing when its parent ${parting}`, async () => {
    using dir = new TempDir();
    await using sharer = new Sharer(dir);
    await sharer.do("spawn", "share", "unshare");
    await part(sharer);
    await untilFree(dir.path);
  });

  claim(`a child that is spawned after the sharing keeps nothing when its parent ${parting}`, async () => {
    using dir = new TempDir();
    await using sharer = new Sharer(dir);
    await sharer.do("share", "unshare", "spawn");
    await part(sharer);
    await untilFree(dir.path);
  });
}

claim("a child that ends gives nothing back while its parent holds the lock", async () => {
  using dir = new TempDir();
  await using sharer = new Sharer(dir);
  await sharer.do("share", "spawn", "unshare");
  sharer.killChild();
  await eventually(() => assertEquals(isProcess(sharer.child), false));
  assertEquals(isFree(dir.path), false);
  await sharer.do("release");
  assertEquals(isFree(dir.path), true);
});

claim("sharing leaves no descriptor open", async () => {
  using dir = new TempDir();
  await using sharer = new Sharer(dir);
  const first = await sharer.do("share", "unshare");
  assertEquals((await sharer.do("share")).descriptors, first.descriptors + 1);
  assertEquals((await sharer.do("unshare")).descriptors, first.descriptors);
});

claim(
  "inspect() tells that a shared lock is held when its parent was killed, and names the parent as dead",
  async () => {
    using dir = dataInMemory();
    await using sharer = new Sharer(dir, "data");
    await sharer.do("share", "spawn");
    await sharer.killed();
    const { held, holder, kernelPid } = await inspect(dir.join("data"));
    assertEquals({ held, holder }, { held: true, holder: { pid: sharer.pid, liveness: "dead", self: false } });
    assertEquals(kernelPid, sharer.pid);
  },
  { needs: ["initial pid namespace"] },
);

/** A holder of the lock of a directory, with a child. */
class Sharer implements AsyncDisposable {
  readonly #program: Child;
  child = 0;

  constructor(dir: TempDir, name = "") {
    this.#program = new Child("sharer.ts", { args: [dir.join(name)] });
  }

  get pid(): number {
    return this.#program.pid;
  }

  /** Does one after the other, and tells what is in use after the last. */
  async do(...actions: string[]): Promise<Report> {
    let report: Report = { event: "nothing" };
    for (const action of actions) report = await this.#program.ask(action);
    this.child = report.child ?? 0;
    return report;
  }

  async killed(): Promise<void> {
    await this.#program.killed();
  }

  killChild(): void {
    if (this.child > 0 && isProcess(this.child)) Deno.kill(this.child, "SIGKILL");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.killChild();
    await this.#program[Symbol.asyncDispose]();
  }
}

function isProcess(pid: number): boolean {
  try {
    // Nothing to one that was not stopped.
    Deno.kill(pid, "SIGCONT");
    return true;
  } catch {
    return false;
  }
}
