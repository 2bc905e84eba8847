import { fromFileUrl } from "@std/path";
import { Supervised } from "../../torture/load/supervised.ts";
import { answering, type Peer } from "./peer.ts";
import type { Phase } from "./swap_figures.ts";

const HELLO = fromFileUrl(new URL("./programs/hello_daemon.ts", import.meta.url));

/** `handoff upgrade` of a `runDaemon` program: listeners, lock and idle connections move. */
export const handoff: Peer = peer("handoff upgrade", () => {});

/** The same where the two daemons have no transfer socket in common, as beside a Rust daemon. */
export const handoffWithoutTransfer: Peer = peer("handoff upgrade, no transfer", (dir) => {
  Deno.removeSync(`${dir}/.handoff.sock.fds`);
});

function peer(name: string, beforeSwap: (dir: string) => void): Peer {
  return {
    name,
    async start({ port, dir }) {
      const supervised = new Supervised({
        dataDir: dir,
        listeners: { http: `127.0.0.1:${port}` },
        program: [HELLO, dir],
      });
      await answering(port);
      return {
        version: `runDaemon, Deno ${Deno.version.deno}`,
        async swap() {
          beforeSwap(dir);
          const { code, output } = await supervised.handoff("upgrade", { flags: ["--json"] });
          if (code !== 0) throw new Error(`upgrade exited with ${code}: ${output}`);
          return phasesOf(output);
        },
        [Symbol.asyncDispose]: () => supervised[Symbol.asyncDispose](),
      };
    },
  };
}

/** What `upgrade --json` told of its phases. */
export function phasesOf(output: string): Phase[] {
  return output.trim().split("\n").map((line) => JSON.parse(line)).filter(({ event }) => event === "phase");
}
