/** Tries each form with the path, or the URL, in each line on its standard input, and reports what they throw. */
import { DataDirLock, inspect } from "@scope/handoff";
import { commands, report } from "./report.ts";

const forms: Record<string, (path: string | URL) => unknown> = {
  acquire: (path) => DataDirLock.acquire(path),
  acquireSync: (path) => DataDirLock.acquireSync(path),
  inspect,
};

for await (const line of commands()) {
  const { url, path } = JSON.parse(line);
  const errors: Record<string, string | undefined> = {};
  for (const [form, call] of Object.entries(forms)) {
    try {
      await call(url === undefined ? path : new URL(url));
    } catch (error) {
      errors[form] = (error as Error).name;
    }
  }
  report("tried", { errors });
}
