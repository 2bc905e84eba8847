/** What was written to the console while `work` was done, and what that came to. */
export async function captured<T>(work: () => Promise<T>): Promise<{ result: T; stdout: string; stderr: string }> {
  const written = { stdout: "", stderr: "" };
  const { log, error } = console;
  console.log = (text: string) => written.stdout += `${text}\n`;
  console.error = (text: string) => written.stderr += `${text}\n`;
  try {
    return { result: await work(), ...written };
  } finally {
    Object.assign(console, { log, error });
  }
}
