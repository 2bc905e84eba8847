import { assertEquals } from "@std/assert";
import { C, OFFSET, OPAQUE_SIZE, SIZE } from "../../ffi/linux_abi.ts";
import { claim } from "../support/claim.ts";
import { run } from "../support/run.ts";
import { TempDir } from "../support/temp_dir.ts";

const HEADERS = [
  "errno",
  "fcntl",
  "poll",
  "signal",
  "spawn",
  "stddef",
  "stdio",
  "time",
  "unistd",
  "netinet/in",
  "sys/eventfd",
  "sys/resource",
  "sys/socket",
  "sys/stat",
  "sys/syscall",
  "sys/time",
  "sys/uio",
  "sys/un",
  "sys/wait",
];

/** The numbers of syscalls that a libc older than they are does not name. */
const ADDED_LATER = ["SYS_pidfd_open", "SYS_pidfd_send_signal"];

claim("every constant and structure layout is the one of the C library's headers", () => {
  const expected: Record<string, number> = { ...C };
  for (const [structure, size] of Object.entries(SIZE)) expected[`sizeof(${structure})`] = size;
  for (const [structure, members] of Object.entries(OFFSET)) {
    for (const [member, offset] of Object.entries(members)) expected[`offsetof(${structure}, ${member})`] = offset;
  }
  assertEquals(valuesInC(Object.keys(expected)), expected);
}, { needs: ["linux", "cc"] });

claim("what libc keeps in structures of its own fits the room that it is given", () => {
  const sizes = valuesInC(["sizeof(posix_spawnattr_t)", "sizeof(posix_spawn_file_actions_t)"]);
  for (const [structure, size] of Object.entries(sizes)) {
    assertEquals(size > 0 && size <= OPAQUE_SIZE, true, `${structure} is ${size}`);
  }
}, { needs: ["linux", "cc"] });

function valuesInC(expressions: readonly string[]): Record<string, number> {
  using dir = new TempDir();
  const lines = expressions.map((expression) => `  printf("%lld\\n", (long long) (${expression}));`);
  const fallbacks = ADDED_LATER.map((name) => `#ifndef ${name}\n#define ${name} __NR_${name.slice(4)}\n#endif`);
  const source = [
    "#define _GNU_SOURCE",
    ...HEADERS.map((header) => `#include <${header}.h>`),
    ...fallbacks,
    "int main(void) {",
    ...lines,
    "  return 0;",
    "}",
    "",
  ].join("\n");
  Deno.writeTextFileSync(dir.join("values.c"), source);
  run("cc", "-o", dir.join("values"), dir.join("values.c"));
  const { stdout } = new Deno.Command(dir.join("values")).outputSync();
  const values = new TextDecoder().decode(stdout).trim().split("\n").map(Number);
  return Object.fromEntries(expressions.map((expression, i) => [expression, values[i]]));
}
