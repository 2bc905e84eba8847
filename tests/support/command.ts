import { Child, type ChildOptions, commandLine } from "./child.ts";

/** What came of a command line. */
export interface Outcome {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** What the command line is run with, and what it reads. */
export interface HandoffOptions extends Pick<ChildOptions, "permissions" | "prefix" | "cwd"> {
  readonly input?: string;
}

/** Seen from the folder of the programs. */
const CLI = "../../cli.ts";

/** Runs the command line to its end, without a terminal. */
export async function handoff(args: readonly string[], options: HandoffOptions = {}): Promise<Outcome> {
  const [command, ...rest] = commandLine(CLI, { args, ...options });
  const process = new Deno.Command(command, {
    args: rest,
    cwd: options.cwd,
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const output = process.output();
  const input = new Response(options.input).body ?? new ReadableStream({ start: (source) => source.close() });
  await input.pipeTo(process.stdin);
  const { code, stdout, stderr } = await output;
  const decoder = new TextDecoder();
  return { code, stdout: decoder.decode(stdout), stderr: decoder.decode(stderr) };
}

/** The command line as a process that reports, or runs one that does. */
export function startHandoff(args: readonly string[], options: ChildOptions = {}): Child {
  return new Child(CLI, { ...options, args });
}

/** The command line as it would be typed, to be run by something else. */
export function handoffLine(args: readonly string[]): string[] {
  return commandLine(CLI, { args });
}
