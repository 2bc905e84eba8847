/**
 * Takes, awaits and releases the lock of the directory in its first argument as the lines on its standard input say, in
 * JSON, each with the name of the waiter that it is done by; reports when. Ends when killed.
 */
import process from "node:process";
import { commands, report } from "../../tests/programs/report.ts";
import { now, pause } from "../shared_clock.ts";
import type { Order } from "../contender_process.ts";
import { type Taken, waiterNamed } from "../waiter.ts";

const [dataDir] = Deno.args;
let taken: Taken;

const actions: { [Action in Order["action"]]: (order: Extract<Order, { action: Action }>) => Promise<void> | void } = {
  async take({ by }) {
    report("waiting");
    taken = await waiterNamed(by).wait(dataDir);
    report("taken", { at: taken.at });
  },

  /** Reports nothing, so that no other process runs when the lock goes to the next. */
  async release({ after }) {
    await pause(after);
    releasedAt = now();
    await taken.release();
  },

  released() {
    report("released", { at: releasedAt });
  },

  wait({ by, times }) {
    for (let i = 0; i < times; i++) void waiterNamed(by).wait(dataDir);
    report("waiting");
  },

  usage() {
    const { user, system } = process.cpuUsage();
    report("usage", { ms: (user + system) / 1_000 });
  },

  async contend({ by, from, until }) {
    const { wait } = waiterNamed(by);
    let longest = 0;
    let rounds = 0;
    await pause(from - now());
    for (let start = now(); start < until; rounds++) {
      const { at, release } = await wait(dataDir);
      longest = Math.max(longest, at - start);
      await release();
      start = now();
    }
    report("contended", { rounds, longest });
  },
};

let releasedAt = 0;

for await (const line of commands()) {
  const order: Order = JSON.parse(line);
  // deno-lint-ignore no-explicit-any -- the order is of the action's own type
  void actions[order.action](order as any);
}
