import { assertEquals, assertMatch } from "@std/assert";
import { fromFileUrl } from "@std/path";
import { commandLine } from "../../support/child.ts";
import { claim } from "../../support/claim.ts";
import { Deployment } from "../../support/deployment.ts";
import { eventually } from "../../support/patience.ts";

const RAW = fromFileUrl(new URL("programs/faulty_successor.ts", import.meta.url));

const ALL_BUT_FFI = ["read", "write", "env", "net", "sys"].map((name) => `--allow-${name}`);

/** A successor that must not be committed. */
interface Broken {
  readonly what: string;
  command(): readonly string[];
  /** What `upgrade` must print. */
  readonly tells: RegExp;
  /** Where only the end of the time shows it, in seconds. */
  readonly timeout?: number;
}

let deployment: Deployment;
Deno.test.beforeAll(async () => {
  deployment = await Deployment.start();
});
Deno.test.afterAll(() => deployment[Symbol.asyncDispose]());

const ofThisProject = (fault: string) => () => deployment.command(fault);
const raw = (fault: string) => () => commandLine(RAW, { args: [fault] });

const BROKEN: readonly Broken[] = [
  {
    what: "has a syntax error",
    command: () => {
      const file = `${deployment.dataDir}/broken.ts`;
      Deno.writeTextFileSync(file, "await runDaemon({\n");
      return commandLine(file);
    },
    tells: /exited with code 1 before it said Hello[^]*broken\.ts/,
  },
  {
    what: "lacks a permission",
    command: () => deployment.command().flatMap((word) => word === "-A" ? ALL_BUT_FFI : [word]),
    tells: /exited with code 1 before it said Hello[^]*NotCapable[^]*ffi/,
  },
  { what: "is not there", command: () => ["/nonexistent/daemon"], tells: /Cannot start "\/nonexistent\/daemon"/ },
  { what: "exits with 0", command: ofThisProject("exits"), tells: /exited with code 0 before it said Hello/ },
  {
    what: "never says Hello",
    command: ofThisProject("never-hello"),
    tells: /did not say Hello: the time was up/,
    timeout: 3,
  },
  {
    what: "throws in open",
    command: ofThisProject("throws"),
    tells: /exited with code 1 before it served[^]*this version cannot read the journal/,
  },
  { what: "hangs in open", command: ofThisProject("hangs"), tells: /did not say Ready: the time was up/, timeout: 8 },
  {
    what: "says Hello and then nothing",
    command: raw("silent"),
    tells: /did not say Ready: the time was up/,
    timeout: 8,
  },
  {
    what: "is the child of a shell that does not exec it",
    command: () => ["/bin/sh", "-c", `${deployment.command().map((word) => `'${word}'`).join(" ")}; true`],
    tells: /the Hello is of process \d+, but process \d+ was started: a wrapper must exec the daemon/,
  },
  { what: "writes garbage", command: raw("garbage"), tells: /did not say Hello: Cannot (read|decode)/ },
  { what: "writes half a frame", command: raw("half-frame"), tells: /did not say Hello: the time was up/, timeout: 3 },
  { what: "announces a frame over 1 MiB", command: raw("huge-frame"), tells: /a frame of 1048577 bytes/ },
  { what: "is unhealthy", command: ofThisProject("unhealthy"), tells: /not healthy/ },
  { what: "opened an older revision", command: ofThisProject("older"), tells: /opened an older state: revision \d+/ },
];

for (const { what, command, tells, timeout } of BROKEN) {
  claim(`a successor that ${what} is rolled back by name, no request fails, and the next upgrade commits`, async () => {
    const before = await deployment.pid();
    await using clients = deployment.clients();
    await clients.more();
    const flags = timeout === undefined ? [] : [`--timeout=${timeout}`];
    const { code, stderr } = await deployment.upgrade({ command: command(), flags });
    assertMatch(stderr, tells);
    assertEquals(code, 1);
    assertEquals(await deployment.pid(), before);
    // A daemon behind a shell is no child of the supervisor's: it ends by itself, when its connection is closed.
    await eventually(() => assertEquals(deployment.livingDaemons(), [before]));
    await clients.more();
    await deployment.assertUpgradeCommits();
    await clients.more();
    await deployment.assertAllKept();
    clients.assertNoneFailed();
  }, { needs: ["linux"] });
}

claim(
  "a successor whose open blocks for longer than silence is borne gives signs of life, and is committed",
  async () => {
    const before = await deployment.pid();
    await using clients = deployment.clients();
    await clients.more();
    const { code, stderr } = await deployment.upgrade({ command: deployment.command("blocks") });
    assertEquals([code, stderr], [0, ""]);
    assertEquals(await deployment.pid() === before, false);
    await clients.more();
    await deployment.assertAllKept();
    clients.assertNoneFailed();
  },
  { needs: ["linux"] },
);
