import { assertEquals, assertMatch } from "@std/assert";
import { HttpConnection } from "../../../torture/load/http_connection.ts";
import { claim } from "../../support/claim.ts";
import { Deployment } from "../../support/deployment.ts";
import type { Hold } from "../../support/hold.ts";
import { Stranger } from "../../support/stranger.ts";

let deployment: Deployment;
Deno.test.beforeAll(async () => {
  deployment = await Deployment.start({ flags: ["--drain-grace", "1"] });
});
Deno.test.afterAll(() => deployment[Symbol.asyncDispose]());

/** An incumbent that cannot be replaced. */
interface Unable {
  readonly what: string;
  /** Makes it so, until what it returns is disposed of. */
  prepare(): Disposable | Promise<Disposable>;
  /** What `upgrade` must print. */
  readonly tells: RegExp;
}

const UNABLE: readonly Unable[] = [
  {
    what: "whose drain throws",
    prepare: () => deployment.failing("drain"),
    tells: /the incumbent could not drain: the drain was told to fail/,
  },
  {
    what: "whose drain is not done in time",
    prepare: () => deployment.hold("drain"),
    tells: /the incumbent could not drain: options.drain was not done by the deadline/,
  },
  {
    what: "with a handler that does not end",
    prepare: () => stuck(),
    tells: /the incumbent could not drain: .*GET \/stuck \(for \d+ ms\)/,
  },
  {
    what: "with a handler that does not end, whose client has left",
    prepare: async () => {
      const { hold, connection } = await stuck();
      connection[Symbol.dispose]();
      return hold;
    },
    tells: /the incumbent could not drain: .*GET \/stuck \(for \d+ ms\)/,
  },
  {
    what: "whose seal throws",
    prepare: () => deployment.failing("seal"),
    tells: /the incumbent could not seal: the seal was told to fail/,
  },
];

/** A request whose handler does not return before this is disposed of. */
async function stuck(): Promise<Disposable & { readonly hold: Hold; readonly connection: HttpConnection }> {
  const hold = deployment.hold("stuck");
  const connection = await HttpConnection.open(deployment.address);
  await connection.write("GET /stuck?query HTTP/1.1\r\nHost: localhost\r\n\r\n");
  await hold.reached();
  const dispose = () => {
    hold.release();
    connection[Symbol.dispose]();
  };
  return { hold, connection, [Symbol.dispose]: dispose };
}

for (const { what, prepare, tells } of UNABLE) {
  claim(
    `an incumbent ${what} serves on by the time that is told, with the lock, and without a failed request`,
    async () => {
      const before = await deployment.pid();
      await using clients = deployment.clients();
      await clients.more();
      {
        using _cause = await prepare();
        const { code, stderr } = await deployment.upgrade();
        assertMatch(stderr, tells);
        assertEquals(code, 1);
        assertEquals(await deployment.pid(), before);
        assertEquals(deployment.livingDaemons(), [before]);
        assertEquals(deployment.lockHolder(), before);
      }
      await clients.more();
      await deployment.assertUpgradeCommits();
      await clients.more();
      await deployment.assertAllKept();
      clients.assertNoneFailed();
    },
    { needs: ["linux"] },
  );
}

claim("a standby that waits for the lock does not get it from an incumbent whose seal throws", async () => {
  const before = await deployment.pid();
  await using standby = await Stranger.start(deployment.dataDir);
  using _cause = deployment.failing("seal");
  const { outcome } = await deployment.ask({ verb: "upgrade", follow: true });
  assertEquals(outcome, "rolled-back");
  assertEquals([await deployment.pid(), standby.hasIt], [before, false]);
}, { needs: ["linux", "flock"] });
