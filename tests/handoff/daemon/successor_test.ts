import { assertEquals, assertRejects } from "@std/assert";
import { ControlChannel } from "../../../handoff/control_channel.ts";
import { DismissedError } from "../../../handoff/daemon/daemon_errors.ts";
import { Connected, type Handshook } from "../../../handoff/daemon/successor.ts";
import { openOs } from "../../../handoff/linux.ts";
import { ProtocolError } from "../../../handoff/protocol/protocol_error.ts";
import { claim } from "../../support/claim.ts";
import { inTime } from "../../support/patience.ts";

const handoffId = "00112233-4455-6677-8899-aabbccddeeff";
const IDENTITY = { pid: 42, buildId: "build" };
const LINUX = { needs: ["linux"] } as const;

/** A successor's channel, and its supervisor's. */
class Pair implements Disposable {
  readonly #os = openOs();
  readonly successor: ControlChannel;
  readonly supervisor: ControlChannel;

  constructor() {
    const [successor, supervisor] = this.#os.socketPair();
    this.successor = new ControlChannel(this.#os, successor);
    this.supervisor = new ControlChannel(this.#os, supervisor);
  }

  /** A successor that the supervisor has answered. */
  async handshake(): Promise<Handshook> {
    const handshook = new Connected(this.successor).handshake(IDENTITY);
    assertEquals((await inTime(this.supervisor.receive()))?.type, "Hello");
    await this.supervisor.send({ type: "HelloAck", protoVersionChosen: 1, handoffId });
    return await inTime(handshook);
  }

  [Symbol.dispose](): void {
    this.successor[Symbol.dispose]();
    this.supervisor[Symbol.dispose]();
    this.#os[Symbol.dispose]();
  }
}

claim("a successor begins when it is told to, whatever heartbeats come before", async () => {
  using pair = new Pair();
  const handshook = await pair.handshake();
  await pair.supervisor.send({ type: "Heartbeat", tsMs: 0n });
  await pair.supervisor.send({ type: "Begin", handoffId });
  assertEquals((await inTime(handshook.waitForBegin())).handoffId, handoffId);
}, LINUX);

claim("a successor takes no step twice", async () => {
  using pair = new Pair();
  const handshook = await pair.handshake();
  await pair.supervisor.send({ type: "Begin", handoffId });
  await handshook.waitForBegin();
  await assertRejects(() => handshook.waitForBegin(), ProtocolError, "taken before");
}, LINUX);

claim("a successor refuses the Begin of another handoff", async () => {
  using pair = new Pair();
  const handshook = await pair.handshake();
  await pair.supervisor.send({ type: "Begin", handoffId: "ffeeddcc-bbaa-9988-7766-554433221100" });
  await assertRejects(() => handshook.waitForBegin(), ProtocolError, "Cannot begin handoff");
}, LINUX);

claim("a successor refuses a version of the protocol that it does not speak", async () => {
  using pair = new Pair();
  const handshook = new Connected(pair.successor).handshake(IDENTITY);
  await pair.supervisor.send({ type: "HelloAck", protoVersionChosen: 2, handoffId });
  await assertRejects(() => handshook, ProtocolError, "version 2");
}, LINUX);

claim("a successor that is called off says why", async () => {
  using pair = new Pair();
  const handshook = await pair.handshake();
  await pair.supervisor.send({ type: "Abort", handoffId, reason: "seal failed" });
  const error = await assertRejects(() => handshook.waitForBegin(), DismissedError);
  assertEquals(error.reason, "seal failed");
}, LINUX);

claim("a successor whose supervisor is gone is dismissed without a reason", async () => {
  using pair = new Pair();
  const handshook = await pair.handshake();
  pair.supervisor[Symbol.dispose]();
  const error = await assertRejects(() => handshook.waitForBegin(), DismissedError);
  assertEquals(error.reason, undefined);
}, LINUX);

claim("a successor whose supervisor is gone by Ready is told so, and does not throw", async () => {
  using pair = new Pair();
  const handshook = await pair.handshake();
  await pair.supervisor.send({ type: "Begin", handoffId });
  const begun = await handshook.waitForBegin();
  pair.supervisor[Symbol.dispose]();
  assertEquals(await begun.announce({ listeningOn: [], healthy: true, revisions: [] }), false);
}, LINUX);
