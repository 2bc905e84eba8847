/** Imports the module, and does nothing with it but tell what there is. */
import * as handoff from "@scope/handoff";
import { report } from "./report.ts";

report("imported", { exports: Object.keys(handoff) });
