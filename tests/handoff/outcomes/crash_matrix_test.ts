import { assertEquals } from "@std/assert";
import { claim } from "../../support/claim.ts";
import { recordedRows, testedCrashes } from "./crash_matrix.ts";

claim("every crash of the Rust crate's matrix is tested", () => {
  // Those without a crash are among the tests of an incumbent that cannot seal.
  const withoutCrash = ["none", "seal fails"];
  const recorded = recordedRows().map(({ crash }) => crash);
  assertEquals([...withoutCrash, ...testedCrashes()], recorded);
});
