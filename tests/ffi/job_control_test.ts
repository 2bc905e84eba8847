import { assertEquals } from "@std/assert";
import { JobControl } from "../../ffi/job_control.ts";
import { claim } from "../support/claim.ts";
import { TempDir } from "../support/temp_dir.ts";

const SIGCONT = 18;

claim("a process shares its group with itself, and not with a pid that does not exist", () => {
  using jobs = new JobControl();
  assertEquals([jobs.sharesGroup(Deno.pid), jobs.sharesGroup(-1)], [true, false]);
});

claim("a process is in the foreground only of a terminal that it has", () => {
  using jobs = new JobControl();
  assertEquals(jobs.isForeground() && !jobs.hasTerminal(), false);
});

claim("a process leads its session only where that has its pid", async () => {
  using jobs = new JobControl();
  const { stdout } = await new Deno.Command("ps", { args: ["-o", "sid=", "-p", String(Deno.pid)] }).output();
  assertEquals(jobs.leadsSession(), Number(new TextDecoder().decode(stdout)) === Deno.pid);
}, { needs: ["linux", "ps"] });

claim("the default action of SIGCONT leaves a process that runs as it is", () => {
  using jobs = new JobControl();
  jobs.takeDefaultAction(SIGCONT);
  assertEquals(jobs.sharesGroup(Deno.pid), true);
}, { needs: ["linux"] });

claim("exists() tells a file that is there from one that is not", () => {
  using jobs = new JobControl();
  using folder = new TempDir();
  assertEquals([jobs.exists(folder.path), jobs.exists(folder.join("none"))], [true, false]);
});
