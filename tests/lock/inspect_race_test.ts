import { assertEquals } from "@std/assert";
import { inspect } from "@scope/handoff";
import { claim } from "../support/claim.ts";
import { tempDirWithData } from "../support/temp_data_dir.ts";
import { deadPid } from "../support/dead_pid.ts";
import { ForeignHolder } from "../support/foreign_holder.ts";
import { InterceptedLibc } from "../support/intercepted_libc.ts";

claim(
  "inspect() sees a lock that is taken after it has looked, and before it knows whom the pidfile names",
  async () => {
    using dir = tempDirWithData();
    using holder = new DisposableStack();
    Deno.writeTextFileSync(dir.join("data/.handoff.lock"), "");
    Deno.writeTextFileSync(dir.join("data/.handoff.pidfile"), "1\n");
    using _kill = new InterceptedLibc({
      kill(real) {
        holder.use(new ForeignHolder(dir.join("data")));
        return real();
      },
    });
    const { held, holder: named } = await inspect(dir.join("data"));
    assertEquals({ held, liveness: named.liveness }, { held: true, liveness: "alive" });
  },
);

claim(
  "inspect() sees that a lock is given back after it has looked, and before it knows whom the pidfile names",
  async () => {
    using dir = tempDirWithData();
    using holder = new DisposableStack();
    holder.use(new ForeignHolder(dir.join("data"), { pidfile: `${await deadPid()}\n` }));
    using _kill = new InterceptedLibc({
      kill(real) {
        holder.dispose();
        return real();
      },
    });
    const { held, holder: named } = await inspect(dir.join("data"));
    assertEquals({ held, liveness: named.liveness }, { held: false, liveness: "dead" });
  },
);
