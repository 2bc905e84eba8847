import { claimMutants } from "./claim_mutant.ts";
import { PASSAGE_MUTANTS } from "./passage_mutants.ts";

claimMutants("passing it on", PASSAGE_MUTANTS);
