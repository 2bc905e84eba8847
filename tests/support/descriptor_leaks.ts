import { until } from "./patience.ts";

/** More than other tests of this process leave open at the end. */
const ROUNDS = 25;

/**
 * Fails if `round` leaves a descriptor open. Other tests run in this process too and open some, but few for long, and not
 * one for each round.
 */
export async function assertLeavesNoDescriptor(round: () => void | Promise<void>): Promise<void> {
  // The first round opens what every later one needs.
  await round();
  const before = openDescriptors();
  for (let i = 0; i < ROUNDS; i++) await round();
  await until(() => openDescriptors() < before + ROUNDS, `there are fewer than ${ROUNDS} descriptors more than before`);
}

function openDescriptors(): number {
  return [...Deno.readDirSync("/proc/self/fd")].length;
}
