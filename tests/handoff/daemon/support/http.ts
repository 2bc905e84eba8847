/** How many lines the daemon has, and which process it is. */
export async function get(url: string): Promise<{ pid: number; lines: number }> {
  return await (await fetch(url, { headers: { connection: "close" } })).json();
}

/** Has the daemon append a line: which process did, and its number. */
export async function post(url: string): Promise<{ pid: number; id: number }> {
  return await (await fetch(url, { method: "POST", body: "line", headers: { connection: "close" } })).json();
}
