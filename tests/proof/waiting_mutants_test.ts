import { claimMutants } from "./claim_mutant.ts";
import { WAITING_MUTANTS } from "./waiting_mutants.ts";

claimMutants("waiting and looking", WAITING_MUTANTS);
