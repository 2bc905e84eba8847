import { type Foreigner, FOREIGNERS } from "./foreign.ts";
import { succeeds } from "./installed.ts";
import { hasSlowMotion } from "./slow_motion.ts";

/** What a machine has to torture with. */
export interface Capabilities {
  readonly foreigners: readonly Foreigner[];
  /** Whether a program can be slowed down, from outside. */
  readonly slowMotion: boolean;
  /** Whether there can be processes of another user. */
  readonly otherUsers: boolean;
}

/** What there is for a torture in the directory at `path`. */
export async function findCapabilities(path: string): Promise<Capabilities> {
  const installed = await Promise.all(FOREIGNERS.map(({ command }) => succeeds(command[0], "--version")));
  return {
    foreigners: FOREIGNERS.filter((_, index) => installed[index]),
    slowMotion: await hasSlowMotion(),
    otherUsers: Deno.uid() === 0 && isOpenToAll(path),
  };
}

/** What there would be to torture with on another machine, for another user, or in another directory. */
export function missing({ foreigners, slowMotion, otherUsers }: Capabilities): string[] {
  return [
    ...FOREIGNERS.filter((foreigner) => !foreigners.includes(foreigner)).map(({ name }) => name),
    ...slowMotion ? [] : ["strace"],
    ...otherUsers ? [] : ["another user"],
  ];
}

/** `S_IXOTH` of stat(2). */
const OTHERS_MAY_ENTER = 0o001;

function isOpenToAll(path: string): boolean {
  const names = path.split("/");
  const parents = names.map((_, index) => names.slice(0, index + 1).join("/") || "/");
  return parents.every((parent) => ((Deno.statSync(parent).mode ?? 0) & OTHERS_MAY_ENTER) !== 0);
}
