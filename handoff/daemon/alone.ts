import type { Os } from "../os.ts";

/** Why this process cannot be replaced by a successor; undefined where it can. */
export function obstacleToHandoff(build: Pick<typeof Deno.build, "os" | "arch"> = Deno.build): string | undefined {
  if (build.os !== "linux" || (build.arch !== "x86_64" && build.arch !== "aarch64")) {
    return `a handoff needs Linux on x86_64 or aarch64, and this is ${build.os} on ${build.arch}`;
  }
  if ("WorkerGlobalScope" in globalThis) return "it runs in a worker";
  if (isWatched()) return 'it runs under "deno run --watch", which starts it anew by itself';
  return undefined;
}

/** An {@linkcode Os} for a daemon that does without one. */
export function noOs(): Os {
  const refuse = (name: string | symbol) => () => {
    throw new Error(`A daemon that runs alone called ${String(name)}`);
  };
  return new Proxy({} as Os, { get: (_, name) => name === "close" ? () => {} : refuse(name) });
}

/** Whether Deno was started with `--watch`, as far as this process may find out. */
function isWatched(): boolean {
  try {
    if (Deno.permissions.querySync({ name: "read", path: COMMAND_LINE }).state !== "granted") return false;
    const command = Deno.readTextFileSync(COMMAND_LINE).split("\0").slice(0, -1 - Deno.args.length);
    return command.some((argument) => /^--watch(-hmr)?(=|$)/.test(argument));
  } catch {
    return false;
  }
}

const COMMAND_LINE = "/proc/self/cmdline";
