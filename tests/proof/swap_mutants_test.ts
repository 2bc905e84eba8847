import { claimMutants } from "./claim_mutant.ts";
import { SWAP_MUTANTS } from "./swap_mutants.ts";

claimMutants("a swap", SWAP_MUTANTS, "a supervisor");
