import { inheritListeners } from "../inherited_listeners.ts";
import { openOs } from "../linux.ts";
import type { Os } from "../os.ts";
import { TRIGGER_MS } from "../timeouts.ts";
import { adopt, reconcile } from "./adoption.ts";
import type { SupervisorConfig } from "./config.ts";
import { ConfigError } from "./config_error.ts";
import { settled } from "./hear.ts";
import { LineChannel } from "./line_channel.ts";
import type { Station } from "./station.ts";
import {
  encodeSuccession,
  type Estate,
  MAX_SUCCESSION_BYTES,
  parseEstate,
  parseWord,
  SUCCESSION_DESCRIPTORS,
  SUCCESSION_FD,
  type SupervisorState,
} from "./succession.ts";
import { SupervisorLock } from "./supervisor_lock.ts";

/** What a supervisor has from the one that it replaced. */
export interface TakenOver {
  readonly station: Station;
  readonly state: SupervisorState;
}

/**
 * Takes the stream to the supervisor that this process is to replace out of the environment; undefined where there is
 * none.
 */
export function takeSuccessionFd(env: Pick<Deno.Env, "get" | "delete">): number | undefined {
  const text = env.get(SUCCESSION_FD);
  if (text === undefined) return undefined;
  env.delete(SUCCESSION_FD);
  if (text === `${SUCCESSION_DESCRIPTORS.stream}`) return SUCCESSION_DESCRIPTORS.stream;
  throw new ConfigError(`${SUCCESSION_FD} is set, and not by a supervisor: ${JSON.stringify(text)}`);
}

/** Tells the supervisor behind the stream `fd` why this process cannot replace it. */
export async function refuseSuccession(fd: number, reason: string): Promise<void> {
  using os = openOs();
  using channel = new LineChannel(os, fd, MAX_SUCCESSION_BYTES);
  await channel.send(encodeSuccession({ word: "refused", reason })).catch(() => {});
}

/**
 * Becomes the supervisor in place of the one behind the stream `fd`: resolves when that is none any more, and its process
 * has ended. Until then nothing is changed; what fails is told to the other, which stays.
 */
export async function takeOver(os: Os, fd: number, config: SupervisorConfig): Promise<TakenOver> {
  os.setCloseOnExec(fd, true);
  os.setNonBlocking(fd, true);
  using channel = new LineChannel(os, fd, MAX_SUCCESSION_BYTES);
  using resources = new DisposableStack();
  const estate = parseEstate(await hear(channel));
  const { state } = estate;
  const { lock, ...station } = await prepare(os, config, { estate, resources }).catch(async (error) => {
    const reason = error instanceof Error ? error.message : String(error);
    await channel.send(encodeSuccession({ word: "refused", reason })).catch(() => {});
    throw error;
  });
  await channel.send(encodeSuccession({ word: "ready" }));
  const { word } = parseWord(await hear(channel));
  if (word !== "go") throw new Error(`The supervisor before says ${word} where go was expected`);
  lock.nameHolder();
  await channel.send(encodeSuccession({ word: "taken" }));
  // The one before has told the service manager which process is the main one, and has let go of its other sockets.
  await settled(channel.receive().catch(() => {}), TRIGGER_MS);
  const all = resources.move();
  return { state, station: { ...station, lock: lock.fd, [Symbol.dispose]: () => all.dispose() } };
}

async function prepare(
  os: Os,
  config: SupervisorConfig,
  { estate: { listeners: names, state }, resources }: { readonly estate: Estate; readonly resources: DisposableStack },
) {
  const numbers = SUCCESSION_DESCRIPTORS;
  const lock = resources.use(SupervisorLock.receive(os, numbers.lock, config.paths.supervisorLock));
  const [trigger] = inherited(os, ["the trigger socket"], { first: numbers.trigger, resources }).values();
  const given = inherited(os, names, { first: numbers.listeners, resources });
  const adopted = resources.use(await adopt(os, config, state));
  const listeners = reconcile(os, config.listeners, given, resources);
  return { lock, trigger: trigger!, listeners, adopted };
}

function inherited(
  os: Os,
  names: readonly string[],
  { first, resources }: { readonly first: number; readonly resources: DisposableStack },
): ReadonlyMap<string, number> {
  const { listeners, refused: [refused] } = inheritListeners(os, names, first);
  if (refused !== undefined) {
    throw new ConfigError(`the descriptor ${refused.fd} was passed as ${refused.name}, and ${refused.reason}`);
  }
  for (const fd of listeners.values()) resources.defer(() => os.close(fd));
  return listeners;
}

async function hear(channel: LineChannel): Promise<string> {
  const line = await channel.receive();
  if (line === undefined) throw new Error("The supervisor before this one goes on: it has closed the stream");
  return line;
}
