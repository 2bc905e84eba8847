import { untilFree } from "../lock/inspect.ts";
import { type Arguments, type Command, milliseconds, onlyDirectory } from "./command.ts";
import { EXIT } from "./exit_codes.ts";
import { Signals } from "./signals.ts";
import { WaitingLine } from "./waiting_line.ts";

/** `handoff wait`: until a directory is free. */
export const wait: Command = {
  help: `usage: handoff wait [--timeout=SECONDS] DIR

Waits until nobody holds DIR. It takes nothing and creates nothing: a directory
that does not exist is free, and another process may take DIR as soon as it is
free. To take it yourself, use "handoff run --wait". On a terminal, it shows
the holder it waits for, and for how long.

  --timeout=SECONDS   wait no longer than this; 0 does not wait

exit code: 0 free; 75 still held after SECONDS; 2 error; 128+n ended by signal n

permissions: --allow-ffi --allow-read=DIR`,
  syntax: { settings: ["timeout"] },
  run: waitUntilFree,
};

async function waitUntilFree(args: Arguments): Promise<number> {
  const dataDir = onlyDirectory(args);
  const timeout = milliseconds(args, "timeout", Infinity);
  using signals = new Signals();
  using line = new WaitingLine();
  await untilFree(dataDir, { timeout, signal: signals.aborted, onWait: (holder) => line.show(holder) });
  return EXIT.ok;
}
