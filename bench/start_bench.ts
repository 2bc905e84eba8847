/** What the module adds to the start of a Deno program. */
import { makeDataDir, PLACES } from "./places.ts";
import { PROGRAMS, run } from "./start.ts";

for (const place of PLACES) {
  const dir = makeDataDir(place);
  for (const program of PROGRAMS) {
    Deno.bench(
      program.name,
      { group: `start to end of a Deno program, on ${place.name}` },
      async () => await run(program, dir),
    );
  }
}
