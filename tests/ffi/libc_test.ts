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

claim("libc is opened by its path where a permission for every library but one makes paths of the names", () => {
  const fake = new FakeLoader({ missing: ["libc.so.6", "libc.musl-x86_64.so.1"] });
  loadLibc(fake.loader)[Symbol.dispose]();
  assertEquals(fake.opened, ["/lib/x86_64-linux-gnu/libc.so.6"]);
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
  assertEquals(fake.asked, ["libc.so.6"]);
});

claim("where errno cannot be read, locking is unsupported, and the library is closed", () => {
  const fake = new FakeLoader({ errno: 0 });
  const error = assertThrows(() => loadLibc(fake.loader), LockUnsupportedError);
  assertEquals(error.reason, "errno");
  assertStringIncludes(error.message, "errno cannot be read");
  assertEquals(fake.closed, 1);
});

claim("where errno tells another failure than the one that was provoked, locking is unsupported", () => {
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
