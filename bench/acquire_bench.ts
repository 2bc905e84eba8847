/** What it costs to take a free lock and to give it back. */
import { CONTESTANTS } from "./contestants.ts";
import { makeDataDir, PLACES } from "./places.ts";
import { benchAsync, benchSync } from "./register.ts";

for (const place of PLACES) {
  const dir = makeDataDir(place);
  for (const contestant of CONTESTANTS) {
    benchSync(contestant, `acquire and release, sync, on ${place.name}`, () => contestant.takeSync(dir)());
  }
  for (const contestant of CONTESTANTS) {
    benchAsync(contestant, `acquire and release, async, on ${place.name}`, async () => {
      const release = await contestant.take(dir);
      await release();
    });
  }
}
