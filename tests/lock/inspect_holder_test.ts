import { assertEquals } from "@std/assert";
import { inspect } from "@scope/handoff";
import { Child } from "../support/child.ts";
import { claim } from "../support/claim.ts";
import { foreignProcess } from "../support/foreign_holder.ts";
import { TempDir } from "../support/temp_dir.ts";

const KERNEL_TELLS = { needs: ["initial pid namespace"] } as const;

claim(
  "inspect() says that a living process is not the holder, which a sibling container's pidfile happens to name",
  async () => {
    using dir = new TempDir();
    await using holder = await foreignProcess(dir.path, { pidfile: `${Deno.pid}\n` });
    const { held, kernelPid, holder: named } = await inspect(dir.path);
    assertEquals([held, kernelPid], [true, holder.pid]);
    assertEquals(named, { pid: Deno.pid, liveness: "alive", self: false, holds: false });
  },
  KERNEL_TELLS,
);

claim(
  "inspect() believes the pidfile of a lock that was passed on, although the kernel goes on naming its giver",
  async () => {
    using dir = new TempDir();
    await using giver = new Child("passer.ts", { args: [dir.path, "stay"] });
    assertEquals((await giver.next()).event, "acquired");
    await giver.send("pass");
    const { event, pid } = await giver.next();
    assertEquals(event, "adopted");
    const { held, kernelPid, holder } = await inspect(dir.path);
    assertEquals([held, kernelPid], [true, giver.pid]);
    assertEquals(holder, { pid, liveness: "alive", self: false });
  },
  KERNEL_TELLS,
);
