import { fileURLToPath } from "node:url";
import type { InheritedRole } from "./role.ts";

/** The data directory as an absolute path, not normalized: the kernel follows links before it goes up by `..`. */
export function absolutePath(dataDir: string | URL): string {
  const path = dataDir instanceof URL ? fileURLToPath(dataDir) : dataDir;
  if (typeof path !== "string" || path === "") {
    throw new TypeError(`options.dataDir is neither a path nor a URL: ${JSON.stringify(dataDir)}`);
  }
  return path.startsWith("/") ? path : `${Deno.cwd()}/${path}`;
}

/**
 * Where the control socket is: as the options say, else as the supervisor says, else in the data directory. Warns when the
 * options differ from what the supervisor says, since that would never find this daemon.
 */
export function controlSocketOf(
  { controlSocket }: { readonly controlSocket?: string | undefined },
  role: InheritedRole,
  dataDir: string,
): string {
  if (controlSocket === undefined) return role.controlSocket ?? `${dataDir}/.handoff.sock`;
  const path = absolutePath(controlSocket);
  if (role.controlSocket !== undefined && role.controlSocket !== path) {
    console.warn(
      `options.controlSocket is ${JSON.stringify(path)}, but the supervisor looks for ${
        JSON.stringify(role.controlSocket)
      }: it will not find this daemon. Leave the option out, or give the supervisor the same path.`,
    );
  }
  return path;
}
