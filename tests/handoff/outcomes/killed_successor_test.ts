import { claimCrashes, phase } from "./crash_matrix.ts";

claimCrashes("N", [{
  what: "a successor that is killed while it proves itself is rolled back, and what it acknowledged is kept",
  crash: { kill: "N", at: phase("soak"), flags: ["--soak=600"] },
  serves: "O",
  code: 1,
  loses: true,
}]);
