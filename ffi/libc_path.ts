import { printableJson } from "./printable.ts";
import { LockUnsupportedError } from "./errors.ts";

/** What decides where the C library is. */
export interface Platform {
  readonly os: typeof Deno.build.os;
  readonly arch: typeof Deno.build.arch;
  /** `Deno.build.env`: "gnu", "musl" or absent. */
  readonly env?: string | undefined;
  /** The path in `HANDOFF_LIBC`, where the environment may be read without asking the user. */
  readonly libcPath?: string | undefined;
  /** The ffi permission: for `path`, or for every library. */
  ffiPermission(path?: string): FfiPermission;
  /** Asks the user for the permission for every library, where one may be asked. */
  requestFfi(): FfiPermission;
}

/** A permission as Deno has it. */
export interface FfiPermission {
  readonly state: Deno.PermissionState;
  /** Granted, but for some library. */
  readonly partial: boolean;
}

/**
 * The libraries to try, in order. A bare name is found by the dynamic linker only where every library is permitted:
 * wherever Deno has paths to compare, it takes the name for a file of the working directory, and would run whatever
 * stands there. Anywhere else only absolute paths are opened.
 */
export function permittedLibraries(platform: Platform): readonly string[] {
  const { libcPath } = platform;
  if (libcPath !== undefined) return [requireAbsolute(libcPath)];
  const { names, paths } = libcCandidates(platform);
  let all = platform.ffiPermission();
  const permitted = () => paths.filter((path) => platform.ffiPermission(path).state === "granted");
  if (all.state === "prompt") {
    const granted = permitted();
    if (granted.length > 0) return granted;
    // One question, whichever of the paths libc is at.
    all = platform.requestFfi();
  }
  if (all.state === "granted" && !all.partial) return [...names, ...paths];
  const granted = permitted();
  // With nothing granted, the first one fails with Deno's own error.
  return granted.length > 0 ? granted : paths;
}

function requireAbsolute(path: string): string {
  if (path.startsWith("/")) return path;
  throw new LockUnsupportedError(
    "libc",
    `Cannot open the C library ${printableJson(path)}: HANDOFF_LIBC must be an absolute path`,
  );
}

/** Where libc is: `names` for the dynamic linker, `paths` where names are not safe. */
export function libcCandidates(
  { os, arch, env }: Pick<Platform, "os" | "arch" | "env">,
): { readonly names: readonly string[]; readonly paths: readonly string[] } {
  if (os === "darwin") {
    const paths = ["/usr/lib/libSystem.B.dylib"];
    return { names: paths, paths };
  }
  const glibc = "libc.so.6";
  const musl = `libc.musl-${arch}.so.1`;
  const folders = [`/lib/${arch}-linux-gnu`, "/lib64", "/lib"];
  const paths = [
    ...folders.flatMap((folder) => [folder, `/usr${folder}`])
      .map((folder) => `${folder}/${glibc}`),
    `/lib/${musl}`,
    `/usr/lib/${musl}`,
    `/lib/ld-musl-${arch}.so.1`,
  ];
  return { names: env === "musl" ? [musl, glibc] : [glibc, musl], paths };
}
