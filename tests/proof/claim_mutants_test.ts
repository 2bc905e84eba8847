import { claimMutants } from "./claim_mutant.ts";
import { CLAIM_MUTANTS } from "./claim_mutants.ts";

claimMutants("taking and giving back", CLAIM_MUTANTS);
