import type { Environment } from "./environment.ts";
import type { Measure } from "./measure.ts";
import type { Target } from "./targets.ts";

/** What one run found. */
export interface Results {
  readonly environment: Environment;
  readonly measures: readonly Measure[];
  readonly targets: readonly Target[];
}
