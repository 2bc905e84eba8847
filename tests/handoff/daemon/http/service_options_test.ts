import { assertEquals, assertThrows } from "@std/assert";
import type { ServiceOptions } from "../../../../handoff/daemon/service.ts";
import { listenersOf } from "../../../../handoff/daemon/service_options.ts";
import { claim } from "../../../support/claim.ts";

const fetch = () => new Response();
const connection = () => {};

claim("fetch serves the listener that is named http, and the others serve theirs", () => {
  assertEquals([...listenersOf({ fetch, listeners: { raw: { connection } } }).keys()].sort(), ["http", "raw"]);
});

const REFUSED: readonly { readonly options: unknown; readonly says: string }[] = [
  { options: {}, says: 'Missing option "fetch"' },
  { options: { listeners: {} }, says: 'Missing option "fetch"' },
  { options: { fetch, listeners: { http: { fetch } } }, says: 'Invalid option "fetch": listeners.http is given, too' },
  { options: { fetch: "x" }, says: 'Invalid option "fetch": not a function' },
  { options: { listeners: { a: null } }, says: 'Invalid option "listeners.a": not an object' },
  { options: { listeners: { a: {} } }, says: 'Invalid option "listeners.a": it takes either fetch or connection' },
  {
    options: { listeners: { a: { fetch, connection } } },
    says: 'Invalid option "listeners.a": it takes either fetch or connection',
  },
  { options: { listeners: { a: { fetch, upgrades: fetch } } }, says: 'Unknown option "listeners.a.upgrades"' },
  {
    options: { listeners: { a: { fetch, upgrade: 1 } } },
    says: 'Invalid option "listeners.a.upgrade": not a function',
  },
  {
    options: { listeners: { a: { connection, upgrade: fetch } } },
    says: 'Invalid option "listeners.a.upgrade": it goes with fetch',
  },
  {
    options: { listeners: { a: { fetch, keepAliveTimeout: 0 } } },
    says: 'Invalid option "listeners.a.keepAliveTimeout"',
  },
  {
    options: { listeners: { a: { fetch, tls: { cert: "x" } } } },
    says: 'Invalid option "listeners.a.tls.key": not a string in PEM',
  },
  { options: { listeners: { "a:b": { fetch } } }, says: 'Invalid listener name "a:b"' },
  { options: { listeners: { "": { fetch } } }, says: 'Invalid listener name ""' },
];

for (const { options, says } of REFUSED) {
  claim(
    `${JSON.stringify(options, (_key, value) => typeof value === "function" ? "…" : value)} is refused: ${says}`,
    () => {
      assertThrows(() => listenersOf(options as ServiceOptions<string>), TypeError, says);
    },
  );
}
