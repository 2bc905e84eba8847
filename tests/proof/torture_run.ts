import { fromFileUrl } from "@std/path";

/** What the torture printed, and its exit code. */
export interface TortureRun {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** What an even longer torture would not find either, in seconds. */
const LONGEST = 240;

/**
 * Tortures for as many seconds, and then for four times as many, until what came of it is enough: a busy machine does
 * in a minute what another does in a second.
 */
export async function tortureUntil(
  isEnough: (run: TortureRun) => boolean,
  { seconds, args, env }: { seconds: number; args: readonly string[]; env?: Record<string, string> },
): Promise<TortureRun> {
  const run = await runTorture([...args, `--seconds=${seconds}`], env);
  if (isEnough(run) || seconds >= LONGEST) return run;
  return await tortureUntil(isEnough, { seconds: 4 * seconds, args, env });
}

/** One torture. */
export async function runTorture(args: readonly string[], env?: Record<string, string>): Promise<TortureRun> {
  const { code, stdout, stderr } = await tortureCommand(args, env).output();
  const [output, errors] = [stdout, stderr].map((bytes) => new TextDecoder().decode(bytes));
  return { code, stdout: output, stderr: errors };
}

/** What `deno task torture` runs: a process of its own, so that a signal which is for the tests does not become a failure. */
export function tortureCommand(args: readonly string[], env: Record<string, string> = {}): Deno.Command {
  const [config, importMap, main] = ["deno.json", "import_map.npm.json", "torture/main.ts"].map(path);
  return new Deno.Command(Deno.execPath(), {
    args: ["run", "--quiet", "--frozen", `--config=${config}`, `--import-map=${importMap}`, "-A", main, ...args],
    env: { NO_COLOR: "1", ...env },
    stdout: "piped",
    stderr: "piped",
  });
}

function path(name: string): string {
  return fromFileUrl(new URL(`../../${name}`, import.meta.url));
}
