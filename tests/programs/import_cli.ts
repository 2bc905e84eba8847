/** Imports the command line and reports that it did. */
import "../../cli.ts";
import { report } from "./report.ts";

report("imported");
