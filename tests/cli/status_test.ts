import { assertEquals, assertStringIncludes } from "@std/assert";
import { reportOn } from "../../cli/status_report.ts";
import { verdict } from "../../cli/status_text.ts";
import { Child } from "../support/child.ts";
import { claim } from "../support/claim.ts";
import { deadPid } from "../support/dead_pid.ts";
import { snapshot } from "../support/disk.ts";
import { ForeignHolder } from "../support/foreign_holder.ts";
import { handoff } from "../support/command.ts";
import { holding } from "../support/holding.ts";
import { TempDir } from "../support/temp_dir.ts";

/** A directory in one of the states that `status` tells apart. */
interface State {
  readonly what: string;
  /** Brings it about, for as long as what it returns is not disposed of; the pid is the one that the verdict names. */
  make(dir: TempDir, pids: { dead: number; alive: number }): Disposable | void;
  /** The first line. */
  readonly verdict: string;
  readonly code: 0 | 75;
  /** What is to be said about starting. */
  readonly advice: string;
}

const SAFE = "Safe to start: nobody holds the lock";
const UNSAFE = "Not safe to start: a writer would be refused until";

const STATES: readonly State[] = [
  { what: "an empty directory", make: () => {}, verdict: "free", code: 0, advice: `${SAFE}.` },
  {
    what: "a directory that was released",
    make: (dir) => Deno.writeTextFileSync(dir.join(".handoff.lock"), ""),
    verdict: "free",
    code: 0,
    advice: `${SAFE}.`,
  },
  {
    what: "a free directory with the pidfile of a dead process",
    make: (dir, { dead }) => writePidfile(dir, dead),
    verdict: "free; a stale pidfile names process DEAD, which is dead",
    code: 0,
    advice: `${SAFE}, and the next holder replaces the pidfile.`,
  },
  {
    what: "a free directory with the pidfile of a live process",
    make: (dir, { alive }) => writePidfile(dir, alive),
    verdict: "free; a stale pidfile names process ALIVE, which is alive",
    code: 0,
    advice: `${SAFE}, and the next holder replaces the pidfile.`,
  },
  {
    what: "a directory that is held without a pidfile",
    make: (dir) => new ForeignHolder(dir.path),
    verdict: "held, but the pidfile does not name the holder: it is missing",
    code: 75,
    advice: `${UNSAFE} each process that holds the lock has ended or closed .handoff.lock.`,
  },
  {
    what: "a directory that is held with a malformed pidfile",
    make: (dir) => new ForeignHolder(dir.path, { pidfile: "garbage" }),
    verdict: "held, but the pidfile does not name the holder: it is malformed",
    code: 75,
    advice: `${UNSAFE} each process that holds the lock has ended or closed .handoff.lock.`,
  },
  {
    what: "a directory that is held although the named holder is dead",
    make: (dir, { dead }) => new ForeignHolder(dir.path, { pidfile: `${dead}\n` }),
    verdict: "held, but the named holder, process DEAD, is dead",
    code: 75,
    advice: `${UNSAFE} each process that holds the lock has ended or closed .handoff.lock.`,
  },
  {
    what: "a directory that is held by another process than the pidfile names",
    make: (dir, { alive }) => new ForeignHolder(dir.path, { pidfile: `${alive}\n` }),
    verdict: "held, but not by the named holder, process ALIVE",
    code: 75,
    advice: `${UNSAFE} each process that holds the lock has ended or closed .handoff.lock.`,
  },
];

for (const { what, make, verdict, code, advice } of STATES) {
  claim(`status of ${what}: "${verdict}"`, async () => {
    using dir = new TempDir();
    const pids = { dead: await deadPid(), alive: Deno.ppid };
    using _state = make(dir, pids) ?? null;
    const outcome = await handoff(["status", dir.path]);
    const [first, ...rest] = outcome.stdout.split("\n");
    assertEquals(first, verdict.replace("DEAD", `${pids.dead}`).replace("ALIVE", `${pids.alive}`));
    assertEquals({ code: outcome.code, advice: rest.at(-3) }, { code, advice });
  });

  claim(`status changes nothing about ${what}`, async () => {
    using dir = new TempDir();
    using _state = make(dir, { dead: await deadPid(), alive: Deno.ppid }) ?? null;
    const before = snapshot(dir.path);
    await handoff(["status", dir.path]);
    await handoff(["status", dir.path], { permissions: narrowest(dir) });
    assertEquals(snapshot(dir.path), before);
  });
}

claim("status of a directory that its holder has: its pid, that it is alive, and its command line", async () => {
  using dir = new TempDir();
  await using holder = new Child("holder.ts", { args: [dir.path, "an argument"] });
  await holder.ask("acquire");
  const { code, stdout } = await handoff(["status", dir.path]);
  assertEquals([code, stdout.split("\n")[0]], [75, `held by process ${holder.pid}, which is alive`]);
  assertStringIncludes(stdout, `/holder.ts ${dir.path} "an argument"\n`);
  assertStringIncludes(stdout, `${UNSAFE} process ${holder.pid} has released the lock or ended.\n`);
}, { needs: ["linux"] });

claim(
  "status that cannot see who has the lock says no more than what the pidfile names and that it is alive",
  async () => {
    using dir = new TempDir();
    const stranger = Deno.ppid;
    using _holder = new ForeignHolder(dir.path, { pidfile: `${stranger}\n` });
    const { code, stdout } = await handoff(["status", dir.path], { permissions: narrowest(dir) });
    const known = `held; the pidfile names process ${stranger}, and a process ${stranger} is alive`;
    assertEquals([code, stdout.split("\n")[0], stdout.includes("held since")], [75, known, false]);
    const holder = `its holder has released the lock or ended: process ${stranger}, or another program or container.`;
    assertStringIncludes(stdout, `${UNSAFE} ${holder}\n`);
  },
);

claim("status of a process of which the kernel tells nothing says that, and not that it does not hold the lock", () => {
  using dir = new TempDir();
  using _holder = new ForeignHolder(dir.path, { pidfile: `${Deno.ppid}\n` });
  const holder = { pid: Deno.ppid, liveness: "unknown", self: false } as const;
  const report = { ...reportOn(dir.path), descriptorHolders: undefined, stalePidfile: false, holder };
  const known = `held; the pidfile names process ${Deno.ppid}, of which the kernel does not tell whether it is alive`;
  assertEquals(verdict(report), known);
});

claim("status says that the lockfile is never to be deleted", async () => {
  using dir = new TempDir();
  const { stdout } = await handoff(["status", dir.path]);
  assertStringIncludes(stdout, "Never delete .handoff.lock: a second writer could then start beside the first.\n");
});

claim("status of a directory that does not exist says so, and does not create it", async () => {
  using dir = new TempDir();
  const { code, stdout } = await handoff(["status", dir.join("none")]);
  assertEquals([code, stdout.split("\n")[0]], [0, "free; the directory does not exist"]);
  assertEquals(dir.entries(), []);
});

claim("status of a file exits with 4, unknown, and with one line on standard error", async () => {
  using dir = new TempDir();
  Deno.writeTextFileSync(dir.join("file"), "");
  const { code, stdout, stderr } = await handoff(["status", dir.join("file")]);
  assertEquals([code, stdout, stderr.split("\n").length], [4, "", 2]);
  assertStringIncludes(stderr, `handoff: Cannot inspect the lockfile "${dir.join("file")}`);
});

claim("status never writes a control sequence that the holder has in its command line", async () => {
  using dir = new TempDir();
  await using holder = new Child("holder.ts", { args: [dir.path, "\x1b[2J\x07\x7f\x9b\u202e\n"] });
  await holder.ask("acquire");
  const { stdout } = await handoff(["status", dir.path]);
  assertStringIncludes(stdout, `"\\u001b[2J\\u0007\\u007f\\u009b\\u202e\\n"`);
});

claim("status needs no permission but for ffi and to read the directory", async () => {
  using dir = new TempDir();
  await using holder = await holding(dir);
  const { code, stdout, stderr } = await handoff(["status", dir.path], { permissions: narrowest(dir) });
  assertEquals({ code, stderr }, { code: 75, stderr: "" });
  assertStringIncludes(stdout, `held; the pidfile names process ${holder.pid}, and a process ${holder.pid} is alive\n`);
});

claim("status without a permission exits with 4, unknown, and names the flag", async () => {
  using dir = new TempDir();
  const { code, stderr } = await handoff(["status", dir.path], { permissions: ["--allow-ffi"] });
  assertEquals(code, 4);
  assertStringIncludes(stderr, `--allow-read=${dir.path}`);
});

function narrowest(dir: TempDir): string[] {
  return ["--allow-ffi", `--allow-read=${dir.path}`];
}

function writePidfile(dir: TempDir, pid: number): void {
  Deno.writeTextFileSync(dir.join(".handoff.pidfile"), `${pid}\n`);
}
