import { assert, assertEquals } from "@std/assert";
import { fromFileUrl } from "@std/path";
import { commandLine } from "../support/child.ts";
import { claim } from "../support/claim.ts";
import { handoff } from "../support/command.ts";
import { SupervisorProcess } from "../support/supervisor_process.ts";
import { TempDir } from "../support/temp_dir.ts";

const ROOT = new URL("../../", import.meta.url);
const [BEFORE, AFTER] = ["before", "after"].map((name) => fromFileUrl(new URL(`examples/adopting/${name}.ts`, ROOT)));
/** The lines of the change that README shows. */
const DIFF = /^```diff\n(.*?)^```$/ms.exec(Deno.readTextFileSync(new URL("README.md", ROOT)))![1].trimEnd().split("\n");

claim("README adds at most 15 lines to a daemon of Deno.serve", () => {
  const added = DIFF.filter((line) => line.startsWith("+")).length;
  assert(added > 0 && added <= 15, `${added} lines are added`);
});

claim("the daemons of examples/adopting are the two sides of the change that README shows", () => {
  const side = (sign: string) =>
    DIFF.filter((line) => line[0] === " " || line[0] === sign).map((line) => line.slice(1));
  assertEquals(linesOf(BEFORE), side("-"));
  assertEquals(linesOf(AFTER), side("+"));
});

claim("the daemon before the change keeps notes", async () => {
  using dir = new TempDir();
  // With --quiet, Deno.serve does not tell its address.
  const [command, ...args] = commandLine(BEFORE, { args: [dir.path, "0"] }).filter((word) => word !== "--quiet");
  const daemon = new Deno.Command(command, { args, stdin: "null", stdout: "null", stderr: "piped", env: PLAIN })
    .spawn();
  await using stack = new AsyncDisposableStack();
  stack.defer(async () => void await daemon.status);
  stack.defer(() => daemon.kill("SIGKILL"));
  assertEquals(await keepNote(await listening(daemon.stderr)), [{ text: "a note" }]);
});

claim("the daemon after the change is replaced by itself, with the notes that it has kept", async () => {
  using dir = new TempDir();
  await using supervisor = await SupervisorProcess.serving(dir, commandLine(AFTER, { args: [dir.path, "0"] }));
  const [listener] = (await supervisor.logged("supervising")).listeners;
  const url = `http://${listener.address}/`;
  assertEquals(await keepNote(url), [{ text: "a note" }]);
  assertEquals((await handoff(["upgrade", dir.path])).code, 0);
  assertEquals(await notes(url), [{ text: "a note" }]);
}, { needs: ["linux"] });

/** The lines of a program, but for what only this repository's linter reads. */
function linesOf(program: string): string[] {
  const lines = Deno.readTextFileSync(program).trimEnd().split("\n");
  return lines.filter((line) => !line.startsWith("// deno-lint-ignore "));
}

const PLAIN = { NO_COLOR: "1" };

/** The address that Deno.serve tells. */
async function listening(stderr: ReadableStream<Uint8Array<ArrayBuffer>>): Promise<string> {
  let text = "";
  for await (const chunk of stderr.pipeThrough(new TextDecoderStream())) {
    text += chunk;
    const [, url] = /Listening on (\S+)/.exec(text) ?? [];
    if (url !== undefined) return url;
  }
  throw new Error(`The daemon ended: ${text}`);
}

async function keepNote(url: string): Promise<unknown> {
  const response = await fetch(url, { method: "POST", body: "a note" });
  assertEquals([response.status, await response.text()], [201, "kept\n"]);
  return await notes(url);
}

async function notes(url: string): Promise<unknown> {
  return await (await fetch(url)).json();
}
