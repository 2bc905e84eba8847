/** Runs a system tool to its end; fails with its standard error. */
export function run(command: string, ...args: string[]): void {
  const { success, stderr } = new Deno.Command(command, { args, stdout: "null" }).outputSync();
  if (!success) throw new Error(`${command} ${args.join(" ")} failed: ${new TextDecoder().decode(stderr)}`);
}
