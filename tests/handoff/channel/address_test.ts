import { assertEquals, assertThrows } from "@std/assert";
import {
  type Address,
  checkListenerName,
  formatAddress,
  isBoundAs,
  ListenerError,
  parseAddress,
} from "../../../handoff/address.ts";
import { claim } from "../../support/claim.ts";

const GOOD: readonly [string, Address][] = [
  ["127.0.0.1:8080", { family: "inet", host: "127.0.0.1", port: 8080 }],
  ["[::1]:0", { family: "inet6", host: "::1", port: 0, v6Only: true }],
  ["*:65535", { family: "inet6", host: "::", port: 65535, v6Only: false }],
  ["unix:/run/app:1.sock", { family: "unix", path: "/run/app:1.sock" }],
];
for (const [text, address] of GOOD) {
  claim(`${text} is an address, and is written the same again`, () => {
    assertEquals([parseAddress(text), formatAddress(address)], [address, text]);
  });
}

const BAD: readonly [string, string][] = [
  ["", "write it as"],
  ["8080", "write it as"],
  [":8080", '"" is not an IP address in digits'],
  ["127.0.0.1", "write it as"],
  ["127.0.0.1:", "write it as"],
  ["127.0.0.1:http", "write it as"],
  ["127.0.0.1:-1", "write it as"],
  ["127.0.0.1:65536", "65536 is not a port"],
  ["127.0.0.256:80", '"127.0.0.256" is not an IP address in digits'],
  ["localhost:80", '"localhost" is not an IP address in digits'],
  ["::1:80", "write it as"],
  ["[127.0.0.1]:80", '"127.0.0.1" is not an IP address in digits'],
  ["[fe80::1%eth0]:80", '"fe80::1%eth0" is not an IP address in digits'],
  ["unix:", "it has no path of a file"],
  ["unix:/run/", "it has no path of a file"],
];
for (const [text, reason] of BAD) {
  claim(`${JSON.stringify(text)} is refused as an address, by name and with the reason`, () => {
    assertThrows(() => parseAddress(text), ListenerError, `Cannot listen on ${JSON.stringify(text)}: ${reason}`);
  });
}

for (const name of ["http", "http-2", "a b", "x".repeat(255)]) {
  claim(
    `${JSON.stringify(name.slice(0, 9))} of ${name.length} characters is a listener's name`,
    () => checkListenerName(name),
  );
}

for (const name of ["", "a:b", "a\nb", "é", "x".repeat(256)]) {
  claim(`${JSON.stringify(name.slice(0, 9))} of ${name.length} characters is refused as a listener's name`, () => {
    assertThrows(() => checkListenerName(name), ListenerError, JSON.stringify(name));
  });
}

const BOUND: readonly [string, string, boolean][] = [
  ["127.0.0.1:80", "127.0.0.1:80", true],
  ["127.0.0.1:80", "127.0.0.1:0", true],
  ["127.0.0.1:80", "127.0.0.1:81", false],
  ["127.0.0.1:80", "0.0.0.0:80", false],
  ["[::1]:80", "[0:0:0:0:0:0:0:1]:80", true],
  ["[::]:80", "*:80", true],
  ["[::1]:80", "127.0.0.1:80", false],
  ["unix:/a", "unix:/a", true],
  ["unix:/a", "unix:/b", false],
  ["unix:/a", "127.0.0.1:80", false],
];
for (const [bound, wanted, same] of BOUND) {
  claim(`a socket at ${bound} is ${same ? "" : "not "}what ${wanted} asks for`, () => {
    assertEquals(isBoundAs(parseAddress(bound), parseAddress(wanted)), same);
  });
}
