import { assertEquals, assertMatch } from "@std/assert";
import { fromFileUrl } from "@std/path";
import { claim } from "../../support/claim.ts";
import { inTime } from "../../support/patience.ts";

const ROOT = fromFileUrl(new URL("../../../", import.meta.url));
let run: Promise<{ code: number; stdout: string; stderr: string }> | undefined;

claim("a daemon is swapped under load, a broken successor among others, and no request fails", async () => {
  const { code, stderr, stdout } = await shortLoad();
  assertEquals({ code, stderr }, { code: 0, stderr: "" });
  assertMatch(stdout, /^requests +[1-9]\d{3,}, 0 failed/m);
}, { needs: ["linux"] });

claim("every acknowledged entry is in the journal once and in order after swaps under load", async () => {
  assertMatch((await shortLoad()).stdout, /^journal +every acknowledged entry, once and in order$/m);
}, { needs: ["linux"] });

claim("no keep-alive client connects anew because of a swap", async () => {
  assertMatch((await shortLoad()).stdout, /^requests .* 0 failed, 0 reconnects$/m);
}, { needs: ["linux"] });

claim("split and pipelined requests, event streams and WebSockets all come to their end in swaps", async () => {
  const { stdout } = await shortLoad();
  for (const kind of ["split", "pipeline", "events", "webSocket"]) {
    assertMatch(stdout, new RegExp(`^awkward .*\\b${kind} [1-9]`, "m"));
  }
}, { needs: ["linux"] });

claim("the connections that are opened in the moment of a swap are answered by the successor", async () => {
  assertMatch((await shortLoad()).stdout, /^queued +100 of 100 answered$/m);
}, { needs: ["linux"] });

/** One run for all claims: it is what takes the time. */
function shortLoad(): Promise<{ code: number; stdout: string; stderr: string }> {
  return run ??= inTime(runLoad(), "the short load");
}

async function runLoad(): Promise<{ code: number; stdout: string; stderr: string }> {
  const options = ["--frozen", "--quiet", `--config=${ROOT}deno.json`, `--import-map=${ROOT}import_map.npm.json`, "-A"];
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: [
      "run",
      ...options,
      `${ROOT}torture/load/run_load.ts`,
      "--swaps=2",
      "--broken=1",
      "--requests=1500",
      "--clients=8",
      "--queued=100",
      "--web-sockets=10",
      "--seed=1",
    ],
    env: { NO_COLOR: "1" },
  }).output();
  const text = new TextDecoder();
  return { code, stdout: text.decode(stdout), stderr: text.decode(stderr) };
}
