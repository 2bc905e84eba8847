/** The pid of a process that has ended. */
export async function deadPid(): Promise<number> {
  const process = new Deno.Command("true").spawn();
  await process.status;
  return process.pid;
}
