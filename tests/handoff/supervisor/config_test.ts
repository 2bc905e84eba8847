import { assertEquals, assertMatch, assertRejects, assertThrows } from "@std/assert";
import { readConfig } from "../../../handoff/supervisor/config.ts";
import { loadConfig } from "../../../handoff/supervisor/config_file.ts";
import { ConfigError } from "../../../handoff/supervisor/config_error.ts";
import { claim } from "../../support/claim.ts";
import { TempDir } from "../../support/temp_dir.ts";

/** The least that a configuration must have. */
const LEAST = { data_dir: "/data", binary: "/bin/daemon" };

claim("the keys of the crate's reference supervisor are read", async () => {
  using dir = new TempDir();
  const file = dir.join("handoff.toml");
  Deno.writeTextFileSync(
    file,
    `
control_socket = "/run/d/handoff.sock"
binary = "/usr/bin/daemon"
trigger_socket = "/run/d/trigger.sock"
args = ["--port", ""]
env = [["A", "1"], ["B", ""]]
journal = "/var/lib/d/state.bin"
drain_grace_secs = 2
deadline_secs = 9.5
allowed_binaries = ["/usr/bin/daemon"]
allowed_uids = [1000]

[[listeners]]
name = "http"
addr = "127.0.0.1:8080"
`,
  );
  const config = await loadConfig(file, { data_dir: "/var/lib/d" });
  assertEquals(config.command, ["/usr/bin/daemon", "--port", ""]);
  assertEquals(config.env, { A: "1", B: "" });
  assertEquals(config.listeners, [{ name: "http", address: { family: "inet", host: "127.0.0.1", port: 8080 } }]);
  assertEquals([config.drainGraceMs, config.deadlineMs], [2_000, 9_500]);
  assertEquals([config.allowedUids, config.allowedBinaries], [[1000], ["/usr/bin/daemon"]]);
  assertEquals(config.paths, {
    controlSocket: "/run/d/handoff.sock",
    triggerSocket: "/run/d/trigger.sock",
    journal: "/var/lib/d/state.bin",
    supervisorLock: "/var/lib/d/.handoff.supervisor.lock",
  });
});

claim("without times a configuration has those of the crate's reference supervisor", () => {
  const { drainGraceMs, deadlineMs } = readConfig(LEAST);
  assertEquals([drainGraceMs, deadlineMs], [25_000, 60_000]);
});

claim("the command line wins over the file", async () => {
  using dir = new TempDir();
  Deno.writeTextFileSync(dir.join("c.toml"), `binary = "/a"\ndeadline_secs = 1\ndata_dir = "/d"`);
  const config = await loadConfig(dir.join("c.toml"), { binary: "/b", args: ["x"] });
  assertEquals([config.command, config.deadlineMs], [["/b", "x"], 1_000]);
});

/** What is wrong with a configuration, and what the error must say. */
const WRONG: readonly [keys: Record<string, unknown>, message: RegExp][] = [
  [{ deadline_sec: 1 }, /unknown key "deadline_sec"; did you mean "deadline_secs"\?/],
  [{ listners: [] }, /unknown key "listners"; did you mean "listeners"\?/],
  [{ colour: "red" }, /unknown key "colour"$/],
  [
    { listeners: [{ name: "http", adr: "*:80" }] },
    /unknown key "listeners\[0\]\.adr"; did you mean "listeners\[0\]\.addr"/,
  ],
  [{ listeners: [{ name: "http" }] }, /listeners\[0\]\.addr must be a string/],
  [{ listeners: [{ name: "a:b", addr: "*:80" }] }, /a:b/],
  [{ listeners: [{ name: "http", addr: "nowhere" }] }, /nowhere/],
  [{ listeners: [{ name: "a", addr: "*:1" }, { name: "a", addr: "*:2" }] }, /two of the name "a"/],
  [{ deadline_secs: "60" }, /deadline_secs must be a number of seconds/],
  [{ deadline_secs: -1 }, /deadline_secs must be a number of seconds/],
  [{ deadline_secs: 2 ** 31 / 1_000 }, /deadline_secs must be a number of seconds from 0 to 86400$/],
  [{ deadline_secs: NaN }, /deadline_secs must be a number of seconds/],
  [{ max_restarts: 1.5 }, /max_restarts must be an integer/],
  [{ args: "x" }, /args must be a list/],
  [{ args: ["a\0b"] }, /args\[0\] must be a string/],
  [{ env: { "A=B": "" } }, /"A=B" cannot be the name of a variable/],
  [{ env: [["A"]] }, /env\[0\] must be a pair/],
  [{ on_exit_0: "wait" }, /on_exit_0 must be "stop" or "restart"/],
  [{ binary: "" }, /binary must be a string that is not empty/],
  [{ binary: undefined }, /the command is missing/],
  [{ data_dir: undefined }, /the data directory is missing/],
];

for (const [keys, message] of WRONG) {
  claim(`a configuration with ${JSON.stringify(keys)} is refused: ${message.source}`, () => {
    assertMatch(assertThrows(() => readConfig({ ...LEAST, ...keys }), Error).message, message);
  });
}

claim("a file that is not TOML is refused, by its name", async () => {
  using dir = new TempDir();
  Deno.writeTextFileSync(dir.join("c.toml"), "binary = \n");
  const error = await assertRejects(() => loadConfig(dir.join("c.toml"), {}), ConfigError);
  assertMatch(error.message, /^Cannot read ".*c\.toml": /);
});

claim("a file that is not there is refused, by its name", async () => {
  using dir = new TempDir();
  const error = await assertRejects(() => loadConfig(dir.join("none.toml"), {}), ConfigError);
  assertMatch(error.message, /^Cannot read ".*none\.toml": No such file/);
});
