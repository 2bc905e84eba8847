import { assertEquals, assertThrows } from "@std/assert";
import { processEnvironment, readRole, RoleError } from "../../../handoff/daemon/role.ts";
import type { Os } from "../../../handoff/os.ts";
import { claim } from "../../support/claim.ts";

/** A process that has these descriptors, and remembers which it made close-on-exec. */
function processWith(sockets: Record<number, "listening" | "connected">): Os & { readonly closeOnExec: number[] } {
  const closeOnExec: number[] = [];
  const os: Partial<Os> = {
    setCloseOnExec: (fd) => void closeOnExec.push(fd),
    setNonBlocking: () => {},
    socketName: (fd) => fd in sockets ? { family: "unix", path: "" } : undefined,
    isListening: (fd) => sockets[fd] === "listening",
  };
  return Object.assign(os as Os, { closeOnExec });
}

/** An environment of these variables. */
function environment(variables: Record<string, string>) {
  const left = new Map(Object.entries(variables));
  return { left, get: (name: string) => left.get(name), remove: (name: string) => void left.delete(name) };
}

claim("without a variable it is a cold start without listeners", () => {
  assertEquals(readRole(processWith({}), environment({})), { kind: "cold-start", listeners: new Map() });
});

claim("listeners are handed in by name, and one without a name by its place", () => {
  const os = processWith({ 3: "listening", 4: "listening", 5: "listening" });
  const role = readRole(os, environment({ LISTEN_FDS: "3", LISTEN_FDNAMES: "http:admin" }));
  assertEquals(role, { kind: "cold-start", listeners: new Map([["http", 3], ["admin", 4], ["2", 5]]) });
});

claim("what is no listening socket is not taken for one", () => {
  const os = processWith({ 3: "connected", 5: "listening" });
  const { listeners } = readRole(os, environment({ LISTEN_FDS: "3", LISTEN_FDNAMES: "a:b:c" }));
  assertEquals(listeners, new Map([["c", 5]]));
});

claim("descriptors that another process was meant to get are left alone", () => {
  const os = processWith({ 3: "listening" });
  const { listeners } = readRole(os, environment({ LISTEN_FDS: "1", LISTEN_PID: String(Deno.pid + 1) }));
  assertEquals([listeners.size, os.closeOnExec], [0, []]);
});

claim("a successor gets its connection to the supervisor, and every variable is removed", () => {
  const os = processWith({ 3: "listening", 4: "connected" });
  const env = environment({
    LISTEN_PID: String(Deno.pid),
    LISTEN_FDS: "1",
    LISTEN_FDNAMES: "http",
    HANDOFF_ROLE: "successor",
    HANDOFF_SOCK_FD: "4",
    HANDOFF_STDERR_FD: "5",
    HANDOFF_CONTROL_SOCKET: "/run/handoff.sock",
    OTHER: "stays",
  });
  assertEquals(readRole(os, env), {
    kind: "successor",
    listeners: new Map([["http", 3]]),
    control: 4,
    stderr: 5,
    controlSocket: "/run/handoff.sock",
  });
  assertEquals([...env.left.keys()], ["OTHER"]);
  assertEquals(os.closeOnExec.toSorted(), [3, 4, 5]);
});

for (
  const [problem, variables] of Object.entries<Record<string, string>>({
    "HANDOFF_SOCK_FD is missing": {},
    'HANDOFF_SOCK_FD is not a descriptor: "four"': { HANDOFF_SOCK_FD: "four" },
    "HANDOFF_SOCK_FD is not an open socket: 9": { HANDOFF_SOCK_FD: "9" },
  })
) {
  claim(`a successor is refused where ${problem}`, () => {
    const env = environment({ HANDOFF_ROLE: "successor", ...variables });
    assertThrows(() => readRole(processWith({ 4: "connected" }), env), RoleError, problem);
  });
}

claim("a variable that the process may not see is one that is not set", () => {
  assertEquals(processEnvironment().get("LISTEN_FDS"), undefined);
}, { permissions: { env: false } });

claim("the build id is taken out of the environment, where no child finds it", () => {
  const variables = new Map([["HANDOFF_BUILD_ID", "one"]]);
  const env = { get: (name: string) => variables.get(name), remove: (name: string) => void variables.delete(name) };
  assertEquals([readRole(processWith({}), env).buildId, variables.size], ["one", 0]);
});
