/** How often it is looked whether the debugger has been opened, and for how long, in milliseconds. */
const INTERVAL = 10;
const PATIENCE = 1_000;

/**
 * Closes the debugger that the runtime opens on port 9229 when it gets SIGUSR1, which is meant for the command: whoever
 * can connect to it can do what this process may do. Only where that is permitted; never asks for the permission.
 */
export function closeDebugger(): void {
  // "inspector" is missing from the declarations of the permissions.
  const name = { name: "sys", kind: "inspector" } as unknown as Deno.SysPermissionDescriptor;
  if (Deno.permissions.querySync(name).state !== "granted") return;
  const start = performance.now();
  const timer = setInterval(async () => {
    const { default: inspector } = await import("node:inspector");
    if (inspector.url() !== undefined) inspector.close();
    else if (performance.now() - start < PATIENCE) return;
    clearInterval(timer);
  }, INTERVAL);
  Deno.unrefTimer(timer);
}
