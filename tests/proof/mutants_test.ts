import { assertArrayIncludes } from "@std/assert";
import { memoryDir } from "../../torture/memory_dir.ts";
import { torture } from "../../torture/torture.ts";
import { claim } from "../support/claim.ts";
import { makeMutant } from "./mutant.ts";
import { MUTANTS } from "./mutants.ts";
import { TempDir } from "../support/temp_dir.ts";

const OPTIONS = { seconds: 3, processes: 8, dir: memoryDir() };

for (const { name, edits, caughtBy, needs } of MUTANTS) {
  claim(`a lock that ${name} does not survive the torture: ${caughtBy}`, async () => {
    using copy = new TempDir();
    const importMap = await makeMutant(edits, copy.path);
    const { violations } = await torture({ ...OPTIONS, seed: name, importMap });
    assertArrayIncludes(violations.map(({ rule }) => rule), [caughtBy]);
  }, { needs });
}
