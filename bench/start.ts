import { commandLine } from "../tests/support/child.ts";

/** A program of `bench/programs`, whose start is measured. */
export interface Program {
  readonly name: string;
  readonly file: string;
}

/** What is measured side by side: `node:fs` is a part of Deno that it loads when it is first asked for. */
export const PROGRAMS: readonly Program[] = [
  { name: "an empty program", file: "empty.ts" },
  { name: 'import "node:fs" alone', file: "node_fs.ts" },
  { name: "import and first acquire", file: "acquire.ts" },
];

/** Runs a program from its start to its end. */
export async function run({ file }: Program, dataDir: string): Promise<void> {
  const [command, ...args] = commandLine(`../../bench/programs/${file}`, { args: [dataDir] });
  const { success } = await new Deno.Command(command, { args, stderr: "inherit" }).output();
  if (!success) throw new Error(`${file} failed`);
}
