import { assertEquals } from "@std/assert";
import { type RawConfig, readConfig } from "../../../handoff/supervisor/config.ts";
import { changedFixedKeys } from "../../../handoff/supervisor/fixed_keys.ts";
import { claim } from "../../support/claim.ts";
import { handoff } from "../../support/command.ts";
import { peer } from "../../support/supervised.ts";
import { SupervisorProcess } from "../../support/supervisor_process.ts";
import { TempDir } from "../../support/temp_dir.ts";

claim(
  "the command and the deadlines are read again for each upgrade, and what is fixed at the start is told",
  async () => {
    using dir = new TempDir();
    const file = dir.join("handoff.toml");
    Deno.writeTextFileSync(file, "max_restarts = 3\n");
    await using supervisor = await SupervisorProcess.serving(dir, peer(dir), ["--config", file]);
    Deno.writeTextFileSync(file, "max_restarts = 4\n");
    assertEquals((await handoff(["upgrade", dir.path])).code, 0);
    assertEquals((await supervisor.logged("config-kept")).keys, ["max_restarts"]);
  },
  { needs: ["linux"] },
);

claim("a key that is read again is not among those that are fixed, and each other one is", () => {
  const keys: RawConfig = { data_dir: "/data", binary: "daemon" };
  const change = (more: RawConfig) => changedFixedKeys(readConfig(keys), readConfig({ ...keys, ...more }));
  assertEquals(change({ args: ["2"], drain_grace_secs: 1, deadline_secs: 1, env: [["A", "b"]] }), []);
  assertEquals(change({ listeners: [{ name: "http", addr: "127.0.0.1:1" }] }), ["listeners"]);
  assertEquals(change({ control_socket: "/a", trigger_socket: "/b" }), ["control_socket", "trigger_socket"]);
});
