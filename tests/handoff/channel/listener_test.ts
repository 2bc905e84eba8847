import { assert, assertEquals, assertMatch, assertThrows } from "@std/assert";
import { openOs } from "../../../handoff/linux.ts";
import {
  type Address,
  addressOf,
  beforeDrained,
  bindListener,
  formatAddress,
  inheritListeners,
  isBoundAs,
  keepAccepting,
  ListenerError,
  parseAddress,
} from "../../../handoff/listener.ts";
import type { Os } from "../../../handoff/os.ts";
import { claim } from "../../support/claim.ts";
import { snapshot } from "../../support/disk.ts";
import { TempDir } from "../../support/temp_dir.ts";
import { intercepted } from "./support.ts";

const LINUX = { needs: ["linux"] } as const;

/** Listeners that are closed at the end of the block. */
class Listeners implements Disposable {
  readonly os = openOs();
  readonly #open: number[] = [];

  bind(text: string, os: Os = this.os): number {
    const fd = bindListener(os, parseAddress(text));
    this.#open.push(fd);
    return fd;
  }

  [Symbol.dispose](): void {
    for (const fd of this.#open) this.os.close(fd);
    this.os[Symbol.dispose]();
  }
}

function portOf(address: Address): number {
  return address.family === "unix" ? 0 : address.port;
}

for (const text of ["127.0.0.1:0", "[::1]:0", "[::]:0", "*:0", "0.0.0.0:0"]) {
  claim(`${text} is bound to a port of the kernel's choice, where addressOf says`, async () => {
    using listeners = new Listeners();
    const fd = listeners.bind(text);
    const address = addressOf(listeners.os, fd)!;
    assert(portOf(address) > 0);
    assertEquals([isBoundAs(address, parseAddress(text)), listeners.os.isListening(fd)], [true, true]);
    const hostname = text.startsWith("[") ? "::1" : "127.0.0.1";
    (await Deno.connect({ hostname, port: portOf(address) })).close();
  }, LINUX);
}

for (
  const [text, family, reached] of [["*:0", "IPv4", true], ["*:0", "IPv6", true], ["[::]:0", "IPv4", false]] as const
) {
  claim(`${text} is ${reached ? "" : "not "}reached by ${family}`, async () => {
    using listeners = new Listeners();
    const address = addressOf(listeners.os, listeners.bind(text))!;
    const hostname = family === "IPv4" ? "127.0.0.1" : "::1";
    const connected = await Deno.connect({ hostname, port: portOf(address) }).then((c) => c.close(), () => "refused");
    assertEquals(connected === undefined, reached);
  }, LINUX);
}

claim("*:0 serves IPv4 alone where the kernel has no IPv6", () => {
  using listeners = new Listeners();
  const { os } = listeners;
  const without = intercepted(os, {
    listenTcp: (address, backlog) => {
      if (address.host.includes(":")) throw Object.assign(new Error("no"), { code: "EAFNOSUPPORT" });
      return os.listenTcp(address, backlog);
    },
  });
  assertEquals(addressOf(os, listeners.bind("*:0", without))?.family, "inet");
  assertThrows(() => listeners.bind("[::1]:0", without), ListenerError, "this machine does not speak IPv6");
}, LINUX);

claim("the backlog is 4096", () => {
  using listeners = new Listeners();
  let asked: number | undefined;
  const { os } = listeners;
  const watched = intercepted(os, { listenTcp: (address, backlog) => os.listenTcp(address, asked = backlog) });
  listeners.bind("127.0.0.1:0", watched);
  assertEquals(asked, 4096);
}, LINUX);

for (const text of ["127.0.0.1:0", "[::1]:0"]) {
  claim(`an address in use is told in one sentence: ${text}`, () => {
    using listeners = new Listeners();
    const taken = formatAddress(addressOf(listeners.os, listeners.bind(text))!);
    const error = assertThrows(() => listeners.bind(taken), ListenerError);
    assertEquals(error.message, `Cannot listen on "${taken}": the address is in use by another process`);
  }, LINUX);
}

claim("an address that is not this machine's is told", () => {
  using listeners = new Listeners();
  assertThrows(() => listeners.bind("192.0.2.1:0"), ListenerError, "this machine does not have the address");
}, LINUX);

claim("a Unix socket is bound at its own path, of the mode that the umask leaves", async () => {
  using dir = new TempDir();
  using listeners = new Listeners();
  const path = dir.join("app.sock");
  const fd = listeners.bind(`unix:${path}`);
  assertEquals(addressOf(listeners.os, fd), { family: "unix", path });
  assertEquals(Deno.statSync(path).mode! & 0o777, 0o777 & ~Deno.umask());
  (await Deno.connect({ transport: "unix", path })).close();
}, LINUX);

claim("a Unix socket that nobody listens on is replaced, and one that is served is not", async () => {
  using dir = new TempDir();
  using listeners = new Listeners();
  const path = dir.join("app.sock");
  listeners.os.close(bindListener(listeners.os, { family: "unix", path }));
  listeners.bind(`unix:${path}`);
  assertThrows(() => listeners.bind(`unix:${path}`), ListenerError, "in use by another process");
  (await Deno.connect({ transport: "unix", path })).close();
}, LINUX);

claim("a file in the place of a Unix socket is refused, and not touched", () => {
  using dir = new TempDir();
  using listeners = new Listeners();
  Deno.writeTextFileSync(dir.join("app.sock"), "precious");
  const before = snapshot(dir.path);
  assertThrows(() => listeners.bind(`unix:${dir.join("app.sock")}`), ListenerError, "a regular file is in its place");
  assertEquals(snapshot(dir.path), before);
}, LINUX);

claim("a Unix path that is too long is told with its length", () => {
  using dir = new TempDir();
  using listeners = new Listeners();
  const error = assertThrows(() => listeners.bind(`unix:${dir.join("n".repeat(120))}`), ListenerError);
  assertMatch(error.message, /has \d+ bytes: at most 107/);
}, LINUX);

claim("keepAccepting keeps accept from blocking though another process cleared O_NONBLOCK", () => {
  using listeners = new Listeners();
  const { os } = listeners;
  const fd = listeners.bind("127.0.0.1:0");
  keepAccepting(os, fd);
  os.setNonBlocking(fd, false);
  assertEquals(os.accept(fd), undefined);
}, LINUX);

claim("beforeDrained takes the receive time-out back", () => {
  const calls: unknown[] = [];
  const os = {
    setNonBlocking: (...args: unknown[]) => calls.push(["setNonBlocking", ...args]),
    setReceiveTimeout: (...args: unknown[]) => calls.push(["setReceiveTimeout", ...args]),
  } as unknown as Os;
  keepAccepting(os, 7);
  beforeDrained(os, 7);
  assertEquals(calls, [["setNonBlocking", 7, true], ["setReceiveTimeout", 7, 1], ["setReceiveTimeout", 7, 0]]);
});

claim("of what LISTEN_FDS promised only sockets that listen are taken, and the rest is told and not touched", () => {
  const kinds: Record<number, string> = { 3: "listener", 4: "connection", 5: "file", 7: "listener", 8: "listener" };
  const touched: string[] = [];
  const os = {
    isListening: (fd: number) => {
      if (kinds[fd] === undefined) throw new Error("EBADF");
      return kinds[fd] === "listener";
    },
    socketName: (fd: number) => kinds[fd] === "file" ? undefined : { family: "unix", path: "" },
    setCloseOnExec: (fd: number, on: boolean) => touched.push(`${fd} close-on-exec ${on}`),
    close: (fd: number) => touched.push(`${fd} closed`),
  } as unknown as Os;
  const { listeners, refused } = inheritListeners(os, ["http", "half", "log", "none", "http", "admin"]);
  assertEquals([...listeners], [["http", 7], ["admin", 8]]);
  assertEquals(refused.map(({ name, fd, reason }) => `${name} ${fd}: ${reason}`), [
    "half 4: it is a socket that does not listen",
    "log 5: it is not a socket",
    "none 6: it is not open",
  ]);
  assertEquals(touched, ["3 close-on-exec true", "7 close-on-exec true", "3 closed", "8 close-on-exec true"]);
});
