import { assert } from "@std/assert";
import { openOs } from "../../../handoff/linux.ts";
import { bindSocketFile } from "../../../handoff/socket_file.ts";
import { TriggerServer } from "../../../handoff/supervisor/trigger_server.ts";
import { claim } from "../../support/claim.ts";
import { until } from "../../support/patience.ts";
import { TempDir } from "../../support/temp_dir.ts";

/** How long a client waits in the backlog, in milliseconds, and how often that may be tried meanwhile. */
const WAITS_MS = 200;
const FEW = 10;

claim("a trigger server that no descriptor is left for does not spin while a client waits", async () => {
  using dir = new TempDir();
  let tries = 0;
  using os = Object.assign(openOs(), {
    accept: () => {
      tries++;
      throw new Error("EMFILE");
    },
  });
  const listener = bindSocketFile(os, dir.join("socket"));
  await using _server = new TriggerServer(os, listener, { extraUids: [], answer: () => Promise.resolve() });
  using _client = await Deno.connect({ transport: "unix", path: dir.join("socket") });
  await until(() => tries > 0, "it is tried");
  await new Promise((resolve) => setTimeout(resolve, WAITS_MS));
  assert(tries < FEW, `tried ${tries} times in ${WAITS_MS} ms`);
}, { needs: ["linux"] });
