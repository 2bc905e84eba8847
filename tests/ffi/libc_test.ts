import { assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { LockUnsupportedError } from "@scope/handoff";
import { loadLibc } from "../../ffi/libc.ts";
import { libcCandidates } from "../../ffi/libc_path.ts";
import { claim } from "../support/claim.ts";
import { FakeLoader } from "../support/fake_loader.ts";

claim("libc on Linux with glibc is looked for by glibc's name first", () => {
  assertEquals(libcCandidates({ os: "linux", arch: "x86_64", env: "gnu" }).names, [
    "libc.so.6",
    "libc.musl-x86_64.so.1",
  ]);
});

claim("libc on Linux with musl is looked for by musl's name first", () => {
  assertEquals(libcCandidates({ os: "linux", arch: "aarch64", env: "musl" }).names, [
    "libc.musl-aarch64.so.1",
    "libc.so.6",
  ]);
});

claim("libc on macOS is looked for where the system keeps it", () => {
  const { names, paths } = libcCandidates({ os: "darwin", arch: "aarch64" });
  assertEquals(names, ["/usr/lib/libSystem.B.dylib"]);
  assertEquals(paths, ["/usr/lib/libSystem.B.dylib"]);
});

/** Where distributions keep libc: Debian and Ubuntu, Fedora and RHEL, Arch, Alpine. */
const KNOWN_PLACES = [
  ["x86_64", "/lib/x86_64-linux-gnu/libc.so.6"],
  ["x86_64", "/usr/lib/x86_64-linux-gnu/libc.so.6"],
  ["x86_64", "/lib64/libc.so.6"],
  ["x86_64", "/usr/lib64/libc.so.6"],
  ["x86_64", "/usr/lib/libc.so.6"],
  ["x86_64", "/lib/libc.musl-x86_64.so.1"],
  ["x86_64", "/lib/ld-musl-x86_64.so.1"],
  ["aarch64", "/lib/aarch64-linux-gnu/libc.so.6"],
  ["aarch64", "/lib/libc.musl-aarch64.so.1"],
] as const;

for (const [arch, path] of KNOWN_PLACES) {
  claim(`a permission for ${path} alone opens libc from there on ${arch}`, () => {
    const fake = new FakeLoader({ arch, granted: path });
    loadLibc(fake.loader)[Symbol.dispose]();
    assertEquals(fake.opened, [path]);
  });
}

claim("a permission for every library opens libc by its name", () => {
  const fake = new FakeLoader({});
  loadLibc(fake.loader)[Symbol.dispose]();
  assertEquals(fake.opened, ["libc.so.6"]);
});

claim("the next candidate is tried where a library is not to be found", () => {
  const fake = new FakeLoader({ missing: ["libc.so.6"] });
  loadLibc(fake.loader)[Symbol.dispose]();
  assertEquals(fake.opened, ["libc.musl-x86_64.so.1"]);
});

claim("no name is opened where Deno would take it for a file of the working directory", () => {
  const everyPlatform = [{ os: "linux" }, { os: "darwin" }] as const;
  for (const platform of everyPlatform) {
    for (const permission of [{ partial: true }, { granted: "nothing" }, { granted: "libc.so.6" }]) {
      for (const answer of ["granted", "denied"] as const) {
        const { names, paths } = libcCandidates({ os: platform.os, arch: "x86_64", env: "gnu" });
        const partial = answer === "granted";
        const fake = new FakeLoader({ partial, ...platform, ...permission, answer, missing: [...names, ...paths] });
        assertThrows(() => loadLibc(fake.loader), LockUnsupportedError);
        assertEquals(fake.asked.filter((path) => !path.startsWith("/")), []);
        assertEquals(fake.asked.length > 0, true);
      }
    }
  }
});

claim("where nothing is permitted the user is asked once, for every library", () => {
  const fake = new FakeLoader({ granted: "nothing", answer: "granted", missing: ["libc.so.6"] });
  loadLibc(fake.loader)[Symbol.dispose]();
  assertEquals(fake.questions, 1);
  assertEquals(fake.opened, ["libc.musl-x86_64.so.1"]);
});

claim("where libc is permitted the user is not asked", () => {
  const fakes = [{}, { partial: true }, { granted: "/lib64/libc.so.6" }].map((platform) => new FakeLoader(platform));
  for (const fake of fakes) loadLibc(fake.loader)[Symbol.dispose]();
  assertEquals(fakes.map(({ questions }) => questions), [0, 0, 0]);
});

claim("the library that HANDOFF_LIBC names is opened, and no other", () => {
  const libcPath = "/nix/store/glibc/lib/libc.so.6";
  const found = new FakeLoader({ libcPath });
  loadLibc(found.loader)[Symbol.dispose]();
  assertEquals(found.asked, [libcPath]);
  const missing = new FakeLoader({ libcPath, missing: [libcPath] });
  assertThrows(() => loadLibc(missing.loader), LockUnsupportedError, libcPath);
  assertEquals(missing.asked, [libcPath]);
});

claim("a HANDOFF_LIBC that is no absolute path is refused before anything is opened", () => {
  const fake = new FakeLoader({ libcPath: "libc.so.6" });
  const error = assertThrows(() => loadLibc(fake.loader), LockUnsupportedError);
  assertEquals(error.message, 'Cannot open the C library "libc.so.6": HANDOFF_LIBC must be an absolute path');
  assertEquals(fake.asked, []);
});

claim("a library is closed by its disposal", () => {
  const fake = new FakeLoader({});
  const libc = loadLibc(fake.loader);
  assertEquals(fake.closed, 0);
  libc[Symbol.dispose]();
  assertEquals(fake.closed, 1);
});

claim("where no C library can be opened, locking is unsupported, and the error says what was tried", () => {
  const { names, paths } = libcCandidates({ os: "linux", arch: "x86_64", env: "gnu" });
  const fake = new FakeLoader({ missing: [...names, ...paths] });
  const error = assertThrows(() => loadLibc(fake.loader), LockUnsupportedError);
  assertEquals(error.reason, "libc");
  assertStringIncludes(error.message, "Cannot open the C library: ");
  assertStringIncludes(error.message, "libc.so.6: cannot open shared object file");
  assertStringIncludes(error.message, "libc.musl-x86_64.so.1: cannot open shared object file");
});

claim("where the permission is missing, Deno's own error passes, and nothing else is tried", () => {
  const denial = new Deno.errors.NotCapable("Requires ffi access");
  const fake = new FakeLoader({ granted: "nothing", denial });
  assertEquals(assertThrows(() => loadLibc(fake.loader), Deno.errors.NotCapable), denial);
  assertEquals(fake.asked, [libcCandidates({ os: "linux", arch: "x86_64" }).paths[0]]);
});

claim("where errno cannot be read, locking is unsupported, and the library is closed", () => {
  const fake = new FakeLoader({ errno: 0 });
  const error = assertThrows(() => loadLibc(fake.loader), LockUnsupportedError);
  assertEquals(error.reason, "errno");
  assertStringIncludes(error.message, "errno cannot be read");
  assertEquals(fake.closed, 1);
});

claim("where errno is not that of the failure that was provoked, locking is unsupported", () => {
  for (const errno of [1, 22, 37, -9]) {
    const fake = new FakeLoader({ errno });
    assertEquals(assertThrows(() => loadLibc(fake.loader), LockUnsupportedError).reason, "errno");
    assertEquals(fake.closed, 1);
  }
});

claim("where the flock of no file succeeds, locking is unsupported, and the library is closed", () => {
  const fake = new FakeLoader({ flock: 0 });
  assertEquals(assertThrows(() => loadLibc(fake.loader), LockUnsupportedError).reason, "errno");
  assertEquals(fake.closed, 1);
});

claim("errno is read from __errno_location on Linux", () => {
  const fake = new FakeLoader({});
  loadLibc(fake.loader)[Symbol.dispose]();
  assertEquals(fake.symbolNames.includes("__errno_location"), true);
});

claim("errno is read from __error on macOS", () => {
  const fake = new FakeLoader({ os: "darwin", arch: "aarch64" });
  loadLibc(fake.loader)[Symbol.dispose]();
  assertEquals(fake.symbolNames.includes("__error"), true);
  assertEquals(fake.symbolNames.includes("__errno_location"), false);
});

claim("no call whose errno is read is nonblocking, since it would be another thread's", () => {
  const fake = new FakeLoader({});
  loadLibc(fake.loader)[Symbol.dispose]();
  const { flock, kill, errnoLocation, memcpy } = fake.symbols;
  for (const symbol of [flock, kill, errnoLocation, memcpy]) assertEquals("nonblocking" in symbol, false);
});

claim("a call that fails gives the errno, negated, and one that succeeds gives 0", () => {
  const fake = new FakeLoader({});
  using libc = loadLibc(fake.loader);
  fake.errno = 37;
  assertEquals(libc.flock(3, 2), -37);
  assertEquals(libc.kill(1, 0), -37);
  fake.flock = 0;
  assertEquals(libc.flock(3, 2), 0);
});
