import { assertEquals, assertThrows } from "@std/assert";
import { HandoffUnsupportedError, openOs } from "../../../handoff/linux.ts";
import { claim } from "../../support/claim.ts";
import { OpenLibraries } from "../../support/open_libraries.ts";
import { OpenedOs } from "./linux.ts";
import { flagsOf, openFile } from "./open_files.ts";

const LINUX = { needs: ["linux"] } as const;
const O_CLOEXEC = 0o2000000;

for (const [os, arch] of [["darwin", "aarch64"], ["windows", "x86_64"]] as const) {
  claim(`openOs refuses ${os} with a typed error, and opens nothing`, () => {
    using libraries = new OpenLibraries();
    const error = assertThrows(() => openOs({ os, arch }), HandoffUnsupportedError, os);
    assertEquals([error.reason, libraries.opened], ["platform", 0]);
  });
}

claim("disposing of the kernel's interface closes every library that it opened", async () => {
  using libraries = new OpenLibraries();
  {
    using opened = new OpenedOs();
    const [a] = opened.pair();
    await opened.os.writable(a);
  }
  assertEquals([libraries.opened > 0, libraries.count], [true, 0]);
}, LINUX);

claim("duplicate gives the same open file, close-on-exec, not below 3", () => {
  using opened = new OpenedOs();
  const [a] = opened.pair();
  const copy = opened.own(opened.os.duplicate(a));
  assertEquals([openFile(copy), flagsOf(copy) & O_CLOEXEC, copy >= 3], [openFile(a), O_CLOEXEC, true]);
}, LINUX);

for (const closeOnExec of [true, false]) {
  claim(`duplicateOnto puts a copy in the place of another file, with closeOnExec ${closeOnExec}`, () => {
    using opened = new OpenedOs();
    const [a, b] = opened.pair();
    opened.os.duplicateOnto(a, b, { closeOnExec });
    assertEquals([openFile(b), (flagsOf(b) & O_CLOEXEC) !== 0], [openFile(a), closeOnExec]);
    opened.os.setCloseOnExec(b, !closeOnExec);
    assertEquals((flagsOf(b) & O_CLOEXEC) !== 0, !closeOnExec);
  }, LINUX);
}

claim("closing what is not open is no error", () => {
  using opened = new OpenedOs();
  opened.os.close(100_000);
}, LINUX);

claim("uid is the effective one", () => {
  using opened = new OpenedOs();
  assertEquals(opened.os.uid, Deno.statSync("/proc/self").uid);
}, LINUX);
