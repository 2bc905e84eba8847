/** What it costs to be told that a lock is held, by another process. */
import { Child } from "../tests/support/child.ts";
import { CONTESTANTS } from "./contestants.ts";
import { makeDataDir, PLACES } from "./places.ts";
import { beRefused, beRefusedSync } from "./refusal.ts";
import { benchAsync, benchSync } from "./register.ts";

for (const place of PLACES) {
  const dir = makeDataDir(place);
  const holder = new Child("../../bench/programs/lock_holder.ts", { args: [dir] });
  await holder.next();
  for (const contestant of CONTESTANTS) {
    benchSync(contestant, `refused, sync, on ${place.name}`, () => beRefusedSync(contestant, dir));
  }
  for (const contestant of CONTESTANTS) {
    benchAsync(contestant, `refused, async, on ${place.name}`, () => beRefused(contestant, dir));
  }
}
