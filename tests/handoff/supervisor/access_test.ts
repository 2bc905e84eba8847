import { assertEquals, assertMatch, assertThrows } from "@std/assert";
import { checkCommand, checkPeer, NotAllowedError } from "../../../handoff/supervisor/access.ts";
import { claim } from "../../support/claim.ts";
import { TempDir } from "../../support/temp_dir.ts";

const OWN = 1000;
const OTHER = { pid: 1, uid: 2000 };

claim("the supervisor's own user and root may ask for anything", () => {
  for (const uid of [OWN, 0]) {
    for (const verb of ["upgrade", "stop", "restart", "rollback", "abort"]) {
      checkPeer({ pid: 1, uid }, { verb, ownCommand: true }, OWN);
    }
  }
});

claim("another user may upgrade to the configured command, and nothing else", () => {
  checkPeer(OTHER, { verb: "upgrade", ownCommand: false }, OWN);
  checkPeer(OTHER, { verb: "handoff", ownCommand: false }, OWN);
  for (const verb of ["stop", "restart", "rollback", "abort", "status", "history", "replace"]) {
    assertThrows(() => checkPeer(OTHER, { verb, ownCommand: false }, OWN), NotAllowedError);
  }
  assertThrows(() => checkPeer(OTHER, { verb: "upgrade", ownCommand: true }, OWN), NotAllowedError);
});

claim("another user may not use force", () => {
  const asked = { verb: "upgrade", ownCommand: false, force: true };
  const error = assertThrows(() => checkPeer(OTHER, asked, OWN), NotAllowedError);
  assertMatch(error.message, /^user 2000 may not use force/);
  checkPeer({ pid: 1, uid: OWN }, asked, OWN);
});

claim("a relative program is refused", () => {
  for (const program of ["./daemon", "bin/daemon", "../daemon"]) {
    const error = assertThrows(() => checkCommand([program], {}, ""), NotAllowedError);
    assertMatch(error.message, /is relative/);
  }
});

claim("allowed_binaries compares canonical paths: a link to an allowed program is allowed", () => {
  using dir = new TempDir();
  Deno.writeTextFileSync(dir.join("daemon"), "");
  Deno.symlinkSync(dir.join("daemon"), dir.join("link"));
  checkCommand([dir.join("link")], { allowedBinaries: [dir.join("daemon")] }, "");
  checkCommand(["daemon"], { allowedBinaries: [dir.join("daemon")] }, dir.path);
});

claim("allowed_binaries refuses another program, also one of the same name", () => {
  using dir = new TempDir();
  Deno.mkdirSync(dir.join("other"));
  for (const path of ["daemon", "other/daemon"]) Deno.writeTextFileSync(dir.join(path), "");
  const allowed = { allowedBinaries: [dir.join("daemon")] };
  assertThrows(() => checkCommand([dir.join("other/daemon")], allowed, ""), NotAllowedError);
  assertThrows(() => checkCommand(["daemon"], allowed, dir.join("other")), NotAllowedError);
});

claim("allowed_commands compares the whole command line", () => {
  const allowed = { allowedCommands: [["/usr/bin/deno", "run", "a.ts"]] };
  checkCommand(["/usr/bin/deno", "run", "a.ts"], allowed, "");
  for (const command of [["/usr/bin/deno", "run", "b.ts"], ["/usr/bin/deno", "run"], ["/usr/bin/deno"]]) {
    assertEquals(assertThrows(() => checkCommand(command, allowed, "")) instanceof NotAllowedError, true);
  }
});
