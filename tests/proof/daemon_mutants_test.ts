import { claimMutants } from "./claim_mutant.ts";
import { DAEMON_MUTANTS } from "./daemon_mutants.ts";

claimMutants("handing over", DAEMON_MUTANTS, "a daemon");
