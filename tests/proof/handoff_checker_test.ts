import { assertEquals } from "@std/assert";
import { checkWriters } from "../../torture/handoff/check.ts";
import type { Entry } from "../../torture/handoff/record.ts";
import { checkEntries } from "../../torture/load/check_entries.ts";
import type { RequestRecord } from "../../torture/load/client.ts";
import { claim } from "../support/claim.ts";

const enter = (pid: number, hold = 1): Entry => ({ what: "enter", pid, hold, role: "successor" });
const write = (pid: number, hold = 1): Entry => ({ what: "write", pid, hold, id: 1 });
const exit = (pid: number, hold = 1): Entry => ({ what: "exit", pid, hold });

claim("the checker finds nothing wrong with writers that follow one another, a killed one among them", () => {
  assertEquals(checkWriters([enter(1), write(1), exit(1), enter(2), write(2), enter(3), write(3), exit(3)]), []);
});

claim("the checker finds a write of the old writer after the new one has entered", () => {
  assertEquals(checkWriters([enter(1), enter(2), write(1)]), [
    '1 (hold 1) did "write" while the writer was 2 (hold 1)',
  ]);
});

claim("the checker finds a seal that ends after the new writer has entered", () => {
  assertEquals(checkWriters([enter(1), write(1), enter(2), exit(1)]).length, 1);
});

claim("the checker finds a write after the seal", () => {
  assertEquals(checkWriters([enter(1), exit(1), write(1)]), ['1 (hold 1) did "write" while the writer was nobody']);
});

claim("the checker finds a write on a state that was given up for another of the same process", () => {
  assertEquals(checkWriters([enter(1, 1), exit(1, 1), enter(1, 2), write(1, 1)]).length, 1);
});

const asked = (client: string, n: number, id?: number): RequestRecord => ({
  client,
  text: `${client}:${n}`,
  startedAt: 0,
  ms: 1,
  ...(id === undefined ? { failure: "end of file" } : { id }),
});

claim("the checker finds nothing wrong where an entry was not acknowledged, and is there or is not", () => {
  assertEquals(checkEntries([{ id: 1, text: "a:0" }, { id: 2, text: "a:1" }], [asked("a", 0, 1), asked("a", 1)]), []);
  assertEquals(checkEntries([{ id: 1, text: "a:0" }], [asked("a", 0, 1), asked("a", 1)]), []);
});

claim("the checker finds an acknowledged entry that is lost", () => {
  assertEquals(checkEntries([], [asked("a", 0, 1)]), ["a:0, acknowledged as 1, is lost: there is undefined"]);
});

claim("the checker finds an entry that is there twice", () => {
  const entries = [{ id: 1, text: "a:0" }, { id: 2, text: "a:0" }];
  assertEquals(checkEntries(entries, [asked("a", 0, 1)]), ["a:0 is in the journal twice"]);
});

claim("the checker finds entries of one client that are out of order", () => {
  const entries = [{ id: 1, text: "a:1" }, { id: 2, text: "a:0" }];
  assertEquals(checkEntries(entries, [asked("a", 0, 2), asked("a", 1, 1)]), [
    "a:1 has the id 1, which is not behind 2",
  ]);
});

claim("the checker finds an entry that nobody sent", () => {
  assertEquals(checkEntries([{ id: 1, text: "x" }], []), ["entry 1 was sent by nobody: x"]);
});
