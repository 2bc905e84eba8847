import { assert, assertEquals } from "@std/assert";
import { Child } from "../support/child.ts";
import { claim } from "../support/claim.ts";
import { tempDirWithData } from "../support/temp_data_dir.ts";
import { eventually, until } from "../support/patience.ts";
import type { TempDir } from "../support/temp_dir.ts";

const INSPECTORS = 3;
const ROUNDS = 100;
const LOOKS = 1_000;

claim("acquire() is never refused because of processes that probe at the same time", async () => {
  using dir = tempDirWithData();
  await using inspectors = await keepLooking(dir);
  await using acquirer = new Child("acquirer.ts", { args: [dir.join("data"), String(ROUNDS)] });
  // Until each of them has met it while it was held, and while it was not: on a busy machine that takes some more rounds.
  let refused = 0;
  await until(async () => {
    refused += (await acquirer.ask("again")).refused;
    return (await inspectors.found()).every(({ looks, held }) => looks > held && held > 0);
  }, "each has met it in both states");
  assertEquals(refused, 0);
});

claim("processes that probe at the same time do not mistake each other for a holder", async () => {
  using dir = tempDirWithData();
  Deno.writeTextFileSync(dir.join("data/.handoff.lock"), "");
  await using inspectors = await keepLooking(dir);
  await eventually(async () => {
    for (const { looks } of await inspectors.found()) assert(looks > LOOKS);
  });
  assertEquals((await inspectors.found()).map(({ held }) => held), Array(INSPECTORS).fill(0));
});

async function keepLooking(dir: TempDir) {
  const permissions = ["--allow-ffi", `--allow-read=${dir.join("data")}`];
  const children = new AsyncDisposableStack();
  const inspectors = Array.from({ length: INSPECTORS }, () => {
    return children.use(new Child("inspector.ts", { args: [dir.join("data")], permissions }));
  });
  await Promise.all(inspectors.map((inspector) => inspector.ask("keepLooking")));
  return {
    found: () => Promise.all(inspectors.map((inspector) => inspector.ask("found"))),
    [Symbol.asyncDispose]: () => children.disposeAsync(),
  };
}
