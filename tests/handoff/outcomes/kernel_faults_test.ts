import { assertEquals, assertMatch } from "@std/assert";
import { claim } from "../../support/claim.ts";
import { Deployment } from "../../support/deployment.ts";
import { untilGone } from "../../support/detached.ts";
import { Tracer, TRACING } from "../../support/tracer.ts";

let deployment: Deployment;
Deno.test.beforeAll(async () => {
  deployment = await Deployment.start();
});
Deno.test.afterAll(() => deployment[Symbol.asyncDispose]());

/** A call of the supervisor's that the kernel does not make. */
interface KernelFault {
  readonly call: string;
  readonly error: string;
  /** Which of them, in an upgrade. */
  readonly nth: number;
  /** What it is for. */
  readonly about: string;
  /** What strace must show of it, where the number alone does not tell. */
  readonly shows?: RegExp;
  readonly outcome: "committed" | "rolled-back";
  readonly reason?: RegExp;
}

const FAULTS: readonly KernelFault[] = [
  { call: "accept4", error: "EMFILE", nth: 1, about: "the client", outcome: "committed" },
  { call: "accept4", error: "ECONNABORTED", nth: 1, about: "the client", outcome: "committed" },
  {
    call: "socketpair",
    error: "EMFILE",
    nth: 1,
    about: "the successor",
    outcome: "rolled-back",
    reason: /EMFILE|Too many open files/,
  },
  {
    call: "connect",
    error: "ENOBUFS",
    nth: 2,
    about: "the incumbent",
    shows: /\.handoff\.sock"/,
    outcome: "rolled-back",
    reason: /the incumbent failed at Hello/,
  },
  {
    call: "sendto",
    error: "ENOBUFS",
    nth: 7,
    about: "PrepareHandoff",
    shows: frame(2),
    outcome: "rolled-back",
    reason: /ENOBUFS|No buffer space/,
  },
  {
    call: "sendto",
    error: "EPIPE",
    nth: 12,
    about: "Begin",
    shows: frame(8),
    outcome: "rolled-back",
    reason: /EPIPE|Broken pipe|closed/,
  },
  { call: "sendto", error: "EPIPE", nth: 15, about: "Commit", shows: frame(10), outcome: "committed" },
];

/** A frame of this kind of message, as strace writes it: four bytes of its length, two of the version, the kind. */
function frame(kind: number): RegExp {
  const byte = kind === 10 ? "n" : kind.toString(8);
  return new RegExp(`"\\\\\\d+\\\\0\\\\0\\\\0\\\\1\\\\0\\\\${byte}`);
}

for (const { call, error, nth, about, shows, outcome, reason } of FAULTS) {
  claim(`${error} at the supervisor's ${call} for ${about}: ${outcome}, and no request fails`, async () => {
    const before = await deployment.pid();
    await using clients = deployment.clients();
    await clients.more();
    {
      const inject = `${call}:error=${error}:when=${nth}`;
      await using tracer = await Tracer.attach(deployment.supervisor.pid, { files: [], inject, mainThread: true });
      const result = await deployment.ask({ verb: "upgrade", follow: true });
      assertEquals(result.outcome, outcome, result.reason);
      const [injected] = tracer.lines.filter((line) => line.endsWith("(INJECTED)"));
      assertMatch(injected, shows ?? new RegExp(call));
      if (reason !== undefined) assertMatch(result.reason!, reason);
    }
    if (outcome === "committed") await untilGone(before);
    else assertEquals(await deployment.pid(), before);
    assertEquals(deployment.livingDaemons(), [await deployment.pid()]);
    await clients.more();
    await deployment.assertAllKept();
    clients.assertNoneFailed();
  }, { needs: ["linux", ...TRACING] });
}

claim("after all of it an upgrade commits", () => deployment.assertUpgradeCommits(), { needs: ["linux"] });
