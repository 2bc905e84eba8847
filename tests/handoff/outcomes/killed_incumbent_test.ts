import { claimCrashes, phase, point } from "./crash_matrix.ts";

claimCrashes("O", [{
  what: "a successor whose incumbent is killed while it starts is told to begin, and is committed",
  crash: { kill: "O", at: point("start-successor") },
  serves: "N",
  code: 0,
  loses: true,
}, {
  what: "a successor whose incumbent is killed while it opens the state goes on, and is committed",
  crash: { kill: "O", at: point("open-successor") },
  serves: "N",
  code: 0,
  loses: true,
}, {
  what: "a successor whose incumbent is killed while it proves itself is committed",
  crash: { kill: "O", at: phase("soak"), flags: ["--soak=3"] },
  serves: "N",
  code: 0,
  loses: true,
}]);
