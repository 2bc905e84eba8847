import { Child } from "../../support/child.ts";
import { TempDir } from "../../support/temp_dir.ts";

/**
 * The system calls of these names, in the order in which they began, that a program makes until it reports and ends; as
 * strace writes them, descriptors with their paths.
 */
export async function tracedProgram(
  program: string,
  args: readonly string[],
  names: readonly string[],
): Promise<string[]> {
  using output = new TempDir();
  const all = names.flatMap((name) => [`?${name}`, `?${name}at`, `?${name}at2`]);
  const prefix = ["strace", "-ff", "-ttt", "-y", "-qq", "-e", `trace=${all.join()}`, "-o", output.join("trace")];
  await using child = new Child(program, { args, prefix });
  await child.next();
  await child.end();
  return output.entries()
    .flatMap((name) => Deno.readTextFileSync(output.join(name)).split("\n"))
    .filter((line) => line !== "")
    .toSorted((a, b) => parseFloat(a) - parseFloat(b))
    .map((line) => line.slice(line.indexOf(" ") + 1));
}
