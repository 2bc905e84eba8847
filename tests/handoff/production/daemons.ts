import { fromFileUrl } from "@std/path";
import { commandLine } from "../../support/child.ts";
import type { TempDir } from "../../support/temp_dir.ts";

/** The program. */
export const DAEMON = fromFileUrl(new URL("programs/gated_daemon.ts", import.meta.url));

/** The command line of a daemon; it opens its state only when the file `gate` is there. */
export function daemon(dir: TempDir, build = "first", gate?: string): string[] {
  return commandLine(DAEMON, { args: [dir.path, build, ...gate === undefined ? [] : [gate]] });
}

/** A port of 127.0.0.1 that nobody has. */
export function freePort(): number {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  return listener.addr.port;
}
