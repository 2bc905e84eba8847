import { assertEquals } from "@std/assert";
import { captured } from "../support/captured.ts";
import { Child } from "../support/child.ts";
import { main } from "../../cli.ts";
import { claim } from "../support/claim.ts";
import { handoff } from "../support/command.ts";
import { TempDir } from "../support/temp_dir.ts";

/** Command lines that are wrong, with D for the directory, and what is said about them. */
const WRONG: readonly [line: string, message: string][] = [
  ["", "missing command"],
  ["ask D", 'unknown command "ask"'],
  ["--ask", 'unknown option "--ask"'],
  ["status", "missing DIR"],
  ["status D D2", 'unexpected argument "D2"'],
  ["status --jsno D", 'unknown option "--jsno"'],
  ["status -j D", 'unknown option "-j"'],
  ["status --no-json D", 'unknown option "--no-json"'],
  ["status --json=1 D", 'option takes no value: "--json=1"'],
  ["status --wait D", 'unknown option "--wait"'],
  ["wait", "missing DIR"],
  ["wait --timeout=abc D", 'invalid number of seconds for --timeout: "abc"'],
  ["wait --timeout=-1 D", 'invalid number of seconds for --timeout: "-1"'],
  ["wait --timeout=1e3 D", 'invalid number of seconds for --timeout: "1e3"'],
  ["wait --timeout= D", 'invalid number of seconds for --timeout: ""'],
  ["wait D --timeout", 'invalid number of seconds for --timeout: ""'],
  ["run", "missing DIR"],
  ["run D", "missing COMMAND after --"],
  ["run D --", "missing COMMAND after --"],
  ["run D true", 'unexpected argument "true"'],
  ["run -- true", "missing DIR"],
  ["run --wait=abc D -- true", 'invalid number of seconds for --wait: "abc"'],
  ["run --wait=-1 D -- true", 'invalid number of seconds for --wait: "-1"'],
  ["run --break-stale=yes D -- true", 'option takes no value: "--break-stale=yes"'],
  ["run --timeout=1 D -- true", 'unknown option "--timeout=1"'],
  ["upgrade --abort --timeout=1 D", "--abort cannot be combined with --timeout"],
  ["upgrade --abort --soak=1 D", "--abort cannot be combined with --soak"],
  ["upgrade --soak=infinity D", "--soak needs an end: the successor is committed after it"],
  ["upgrade --build-id= D", "--build-id needs an ID"],
  ["upgrade --abort --supervisor D", "--abort cannot be combined with --supervisor"],
  ["upgrade --abort --force D", "--abort cannot be combined with --force"],
  ["upgrade --abort --check D", "--abort cannot be combined with --check"],
  ["upgrade --abort D -- true", "--abort cannot be combined with a command"],
  ["upgrade --supervisor --check D", "--supervisor cannot be combined with --check"],
  ["upgrade --supervisor D -- true", "--supervisor cannot be combined with a command"],
];

for (const [line, message] of WRONG) {
  claim(`"handoff ${line}" exits with 2, says ${message}, and does nothing`, async () => {
    using dir = new TempDir();
    const args = line.split(" ").filter(Boolean).map((word) => word === "D" ? dir.path : word);
    const outcome = await captured(() => main(args));
    assertEquals(outcome, { result: 2, stdout: "", stderr: `handoff: ${message} (see --help)\n` });
    assertEquals(dir.entries(), []);
  });
}

/** What `--help` must tell of each command: its options and its exit codes. */
const HELP: Readonly<Record<string, readonly string[]>> = {
  "": ["status", "run", "wait", "--version"],
  status: ["--json", "usage: handoff status", "0 free", "75 held", "4 unknown", "--allow-ffi --allow-read=DIR"],
  run: [
    "usage: handoff run",
    "--wait[=SECONDS]",
    "--break-stale",
    "--kill-on-loss",
    "closes the descriptors it does not know",
    "KillMode=mixed",
    "--allow-network-filesystem",
    "75",
    "126",
    "127",
    "128+n",
    "--allow-run=",
  ],
  wait: [
    "usage: handoff wait",
    "--timeout=SECONDS",
    "0 free",
    "75",
    "2 error",
    "128+n",
    "--allow-ffi --allow-read=DIR",
  ],
};

for (const [command, words] of Object.entries(HELP)) {
  const args = [...command.split(" ").filter(Boolean), "--help"];
  const line = `"handoff ${args.join(" ")}"`;

  claim(`${line} prints the usage to standard output, and exits with 0`, async () => {
    const { code, stdout, stderr } = await handoff(args, { permissions: [] });
    assertEquals({ code, stderr }, { code: 0, stderr: "" });
    assertEquals(words.filter((word) => !stdout.includes(word)), []);
  });

  claim(`-h means the same as ${line}`, async () => {
    const [help, h] = [await captured(() => main(args)), await captured(() => main([...args.slice(0, -1), "-h"]))];
    assertEquals(h, help);
  });

  claim(`no line of ${line} is longer than the narrowest terminals are wide`, async () => {
    const { stdout } = await captured(() => main(args));
    assertEquals(stdout.split("\n").filter((line) => line.length > 80), []);
  });
}

claim("--version prints the version of deno.json", async () => {
  const { version } = JSON.parse(Deno.readTextFileSync(new URL("../../deno.json", import.meta.url)));
  assertEquals(await handoff(["--version"], { permissions: [] }), { code: 0, stdout: `${version}\n`, stderr: "" });
});

claim("a directory whose name begins with a hyphen stands behind --", async () => {
  using dir = new TempDir();
  Deno.mkdirSync(dir.join("-d"));
  const { code, stdout } = await handoff(["status", "--json", "--", "-d"], { cwd: dir.path });
  assertEquals([code, JSON.parse(stdout).dataDir], [0, dir.join("-d")]);
});

claim("a directory whose name is a number is a directory", async () => {
  using dir = new TempDir();
  Deno.mkdirSync(dir.join("1e3"));
  const { stdout } = await handoff(["status", "--json", "1e3"], { cwd: dir.path });
  assertEquals(JSON.parse(stdout).dataDir, dir.join("1e3"));
});

claim("importing the command line does nothing, and needs no permission", async () => {
  await using child = new Child("import_cli.ts", { permissions: [], args: ["status"] });
  assertEquals(await child.next(), { event: "imported" });
  const { code } = await child.end();
  assertEquals({ code, stderr: await child.stderr }, { code: 0, stderr: "" });
});
