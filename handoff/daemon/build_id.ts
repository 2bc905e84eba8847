/** What identifies this program: what the options say; else, where it may be read, the main module's time and hash. */
export async function buildIdOf({ buildId }: { readonly buildId?: string | undefined }): Promise<string> {
  if (buildId !== undefined) return buildId;
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
