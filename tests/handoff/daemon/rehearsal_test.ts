import { assertEquals } from "@std/assert";
import { rehearse } from "../../../handoff/daemon/rehearsal.ts";
import { StopRequest } from "../../../handoff/daemon/stop_request.ts";
import { openOs } from "../../../handoff/linux.ts";
import { claim } from "../../support/claim.ts";
import { until } from "../../support/patience.ts";
import { TempDir } from "../../support/temp_dir.ts";

const REHEARSALS = 40;
const identity = { pid: Deno.pid, buildId: "test" };

claim("a rehearsal takes a lock and serves a request, and leaves no file and no descriptor", async () => {
  using folder = new TempDir();
  using os = openOs();
  using stop = new StopRequest();
  // The first one opens what every later one needs.
  assertEquals(await rehearse({ os, identity, stop }, folder.path), true);
  const before = descriptors();
  for (let i = 0; i < REHEARSALS; i++) assertEquals(await rehearse({ os, identity, stop }, folder.path), true);
  assertEquals(folder.entries(), []);
  // Other tests of this process open some, too, but not one a rehearsal.
  await until(() => descriptors() < before + REHEARSALS, "the descriptors are those of before");
}, { needs: ["linux"] });

claim("a rehearsal that cannot be is left out", async () => {
  using os = openOs();
  using stop = new StopRequest();
  assertEquals(await rehearse({ os, identity, stop }, "/nonexistent"), false);
}, { needs: ["linux"] });

function descriptors(): number {
  return [...Deno.readDirSync("/proc/self/fd")].length;
}
