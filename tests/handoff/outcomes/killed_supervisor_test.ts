import { claimCrashes, phase } from "./crash_matrix.ts";

claimCrashes("S", [{
  what: "a successor whose supervisor is killed while it proves itself serves on, and the incumbent ends",
  crash: { kill: "S", at: phase("soak"), flags: ["--soak=600"] },
  serves: "N",
  code: 0,
}]);
