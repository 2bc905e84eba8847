import { assertEquals } from "@std/assert";
import { fromFileUrl } from "@std/path";
import { loadConfig } from "../../../handoff/supervisor/config_file.ts";
import { claim } from "../../support/claim.ts";

const FOLDER = fromFileUrl(new URL("../../../examples/systemd/", import.meta.url));

claim("systemd finds nothing wrong with the units of examples/systemd", async () => {
  const units = ["mydaemon.service", "mydaemon.socket"].map((unit) => `${FOLDER}${unit}`);
  const { code, stderr } = await new Deno.Command("systemd-analyze", { args: ["verify", ...units] }).output();
  const complaints = new TextDecoder().decode(stderr).split("\n").filter((line) => line.includes("mydaemon"));
  assertEquals([code, complaints], [0, []]);
}, { needs: ["linux", "systemd-analyze"] });

claim(
  "the configuration of examples/systemd is one, and leaves the listener of the socket unit to systemd",
  async () => {
    const { listeners, metrics } = await loadConfig(`${FOLDER}handoff.toml`, {});
    assertEquals(listeners, []);
    assertEquals(metrics, { family: "inet", host: "127.0.0.1", port: 9464 });
    assertEquals(Deno.readTextFileSync(`${FOLDER}mydaemon.socket`).includes("\nFileDescriptorName=http\n"), true);
  },
);
