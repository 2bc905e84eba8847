/** What a test needs and a machine may not have. */
export type Requirement = "root" | "strace" | "python3" | "flock" | "unshare";

/** Options of a test that needs something: it is skipped where that is missing, and the run prints why. */
export function needs(...requirements: Requirement[]): { ignore: boolean } {
  const missing = requirements.filter((requirement) => !isMet(requirement));
  for (const requirement of missing) console.log(`skipped, since this machine has no ${requirement}:`);
  return { ignore: missing.length > 0 };
}

function isMet(requirement: Requirement): boolean {
  if (requirement === "root") return Deno.uid() === 0;
  try {
    return new Deno.Command(requirement, { args: ["--version"], stdout: "null", stderr: "null" }).outputSync().success;
  } catch {
    return false;
  }
}
