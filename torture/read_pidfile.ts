/** What the pidfile of `dataDir` says, as far as a journal has room for it; undefined when there is none. */
export function readPidfile(dataDir: string): string | undefined {
  try {
    return Deno.readTextFileSync(`${dataDir}/.handoff.pidfile`).slice(0, 24);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}
