import { assertEquals } from "@std/assert";
import { Handover } from "../../../handoff/daemon/handover.ts";
import type { TransferPeer } from "../../../handoff/daemon/transfer_server.ts";
import type { Os } from "../../../handoff/os.ts";
import { claim } from "../../support/claim.ts";

claim("a successor is gone when its pidfd says so, and not at the end of its connection", async () => {
  const connection = Promise.withResolvers<void>();
  const process = Promise.withResolvers<boolean>();
  const os = { pidfd: () => 7, readable: () => process.promise, close: () => {} } as Partial<Os> as Os;
  const peer = { pid: 42, ended: connection.promise } as TransferPeer;
  const estate = { services: new Map(), pass: () => true, release: () => Promise.resolve() };
  using handover = new Handover(os, peer, { handoffId: "id", estate, tell: () => {} });
  const order: string[] = [];
  const gone = handover.gone().then(() => order.push("gone"));
  connection.resolve();
  await new Promise((resolve) => setTimeout(resolve, 0));
  order.push("death");
  process.resolve(true);
  await gone;
  assertEquals(order, ["death", "gone"]);
});
