import { assertEquals, assertStringIncludes } from "@std/assert";
import { claim } from "../support/claim.ts";
import { TempDir } from "../support/temp_dir.ts";
import { makeMutant } from "./mutant.ts";
import { MUTANTS } from "./mutants.ts";
import { tortureUntil } from "./torture_run.ts";

for (const { name, edits, caughtBy, atTheEnd, needs } of MUTANTS) {
  claim(`a lock that ${name} does not survive the torture: ${caughtBy}`, async () => {
    using copy = new TempDir();
    const args = [`--seed=${name}`, `--stop-at=${caughtBy}`, `--import-map=${await makeMutant(edits, copy.path)}`];
    const found = `\n${caughtBy}: `;
    const { code, stderr } = await tortureUntil((run) => run.stderr.includes(found), {
      // What is found meanwhile ends the torture.
      seconds: atTheEnd ? 1 : 16,
      args,
      env: { TMPDIR: copy.path },
    });
    assertStringIncludes(stderr, found);
    assertEquals(code, 1);
  }, { needs });
}
