import { assertEquals } from "@std/assert";
import { takeServiceEnvironment } from "../../../handoff/supervisor/service_environment.ts";
import { claim } from "../../support/claim.ts";

const PID = 42;

claim("what a service manager says is taken out of the environment", () => {
  const env = new Environment({
    NOTIFY_SOCKET: "/run/systemd/notify",
    WATCHDOG_USEC: "30000000",
    WATCHDOG_PID: "42",
    LISTEN_PID: "42",
    LISTEN_FDS: "2",
    LISTEN_FDNAMES: "http:admin",
    HOME: "/root",
  });
  assertEquals(takeServiceEnvironment(env, PID), {
    notifySocket: "/run/systemd/notify",
    watchdogMs: 30_000,
    listenerNames: ["http", "admin"],
  });
  assertEquals([...env.variables.keys()], ["HOME"]);
});

const PASSED = { LISTEN_FDS: "1", LISTEN_FDNAMES: "http" };

for (const [what, pid] of [["of another process", { LISTEN_PID: "41" }], ["without a pid", {}]] as const) {
  claim(`descriptors ${what} are not taken for ours`, () => {
    assertEquals(takeServiceEnvironment(new Environment({ ...PASSED, ...pid }), PID).listenerNames, []);
  });
}

for (const count of ["", "-1", "1.5", "x", "99999999999", "1025"]) {
  claim(`LISTEN_FDS=${JSON.stringify(count)} is no count of descriptors`, () => {
    const env = new Environment({ LISTEN_PID: "42", LISTEN_FDS: count });
    assertEquals(takeServiceEnvironment(env, PID).listenerNames, []);
  });
}

claim("descriptors without names are named by their places", () => {
  const env = new Environment({ LISTEN_PID: "42", LISTEN_FDS: "3", LISTEN_FDNAMES: "http::" });
  assertEquals(takeServiceEnvironment(env, PID).listenerNames, ["http", "1", "2"]);
});

for (const [watchdog, expected] of [["", undefined], ["0", undefined], ["x", undefined], ["500000", 500]] as const) {
  claim(`WATCHDOG_USEC=${JSON.stringify(watchdog)} is ${expected} ms`, () => {
    assertEquals(takeServiceEnvironment(new Environment({ WATCHDOG_USEC: watchdog }), PID).watchdogMs, expected);
  });
}

claim("the watchdog of another process is not ours", () => {
  const env = new Environment({ WATCHDOG_USEC: "500000", WATCHDOG_PID: "41" });
  assertEquals(takeServiceEnvironment(env, PID).watchdogMs, undefined);
});

class Environment {
  readonly variables: Map<string, string>;

  constructor(variables: Readonly<Record<string, string>>) {
    this.variables = new Map(Object.entries(variables));
  }

  get(name: string): string | undefined {
    return this.variables.get(name);
  }

  delete(name: string): void {
    this.variables.delete(name);
  }
}
