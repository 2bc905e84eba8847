import { assertEquals } from "@std/assert";
import { claim } from "../../support/claim.ts";

const ROOM = new URL("../../../handoff/protocol/", import.meta.url);

claim("the protocol's files import each other and the base of the errors, and nothing else", () => {
  const imported = sources().flatMap(([, source]) => [...source.matchAll(/ from "([^"]+)"/g)].map(([, path]) => path));
  const outside = imported.filter((path) => !/^\.\/[a-z_]+\.ts$/.test(path));
  assertEquals(outside, ["../../lock/errors.ts"]);
});

claim("the protocol's files do no I/O: they name nothing of Deno, and import nothing while they run", () => {
  assertEquals(
    sources().filter(([, source]) => /\bDeno\b|\bimport\(|\bfetch\(/.test(source)).map(([file]) => file),
    [],
  );
});

/** Each file of the room with its text. */
function sources(): [file: string, source: string][] {
  return [...Deno.readDirSync(ROOM)].map(({ name }) => [name, Deno.readTextFileSync(new URL(name, ROOM))]);
}
