const PERMISSIONS = ["read", "write", "net", "env", "run", "ffi", "sys", "import"] as const;

/** Whether this program may do everything (`-A`), which is what Deno asks for below `/proc`. */
export function hasAllPermissions(): boolean {
  return PERMISSIONS.every((name) => Deno.permissions.querySync({ name }).state === "granted");
}

/**
 * What `look` finds below `/proc`; undefined where it throws, and without all permissions: Deno guards `/proc` by
 * `--allow-all`, and would ask the user.
 */
export function inProc<T>(look: () => T): T | undefined {
  return Deno.build.os === "linux" && hasAllPermissions() ? attempt(look) : undefined;
}

/** Processes end while they are looked at, and belong to others. */
export function attempt<T>(look: () => T): T | undefined {
  try {
    return look();
  } catch {
    return undefined;
  }
}
