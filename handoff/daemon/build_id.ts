/** What identifies this program, where nobody names it: the main module's time and hash, where it may be read. */
export async function buildIdOfMainModule(): Promise<string> {
  try {
    const main = new URL(Deno.mainModule);
    if (main.protocol !== "file:" || !mayRead(main)) return UNKNOWN;
    const [{ mtime }, content] = await Promise.all([Deno.stat(main), Deno.readFile(main)]);
    const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", content));
    return `${mtime?.toISOString() ?? "?"} ${digest.subarray(0, 6).toHex()}`;
  } catch {
    return UNKNOWN;
  }
}

const UNKNOWN = "unknown";

function mayRead(path: URL): boolean {
  return Deno.permissions.querySync({ name: "read", path }).state === "granted";
}
