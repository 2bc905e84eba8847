import { assertEquals } from "@std/assert";
import { rehearse } from "../../../handoff/daemon/rehearsal.ts";
import { StopRequest } from "../../../handoff/daemon/stop_request.ts";
import { openOs } from "../../../handoff/linux.ts";
import { claim } from "../../support/claim.ts";
import { assertLeavesNoDescriptor } from "../../support/descriptor_leaks.ts";
import { TempDir } from "../../support/temp_dir.ts";

const identity = { pid: Deno.pid, buildId: "test" };

claim("a rehearsal takes a lock and serves a request, and leaves no file and no descriptor", async () => {
  using folder = new TempDir();
  using os = openOs();
  using stop = new StopRequest();
  await assertLeavesNoDescriptor(async () => {
    assertEquals(await rehearse({ os, identity, stop }, folder.path), true);
  });
  assertEquals(folder.entries(), []);
}, { needs: ["linux"] });

claim("a rehearsal that cannot be is left out", async () => {
  using os = openOs();
  using stop = new StopRequest();
  assertEquals(await rehearse({ os, identity, stop }, "/nonexistent"), false);
}, { needs: ["linux"] });
