/** What decides where the C library is. */
export interface Platform {
  readonly os: typeof Deno.build.os;
  readonly arch: typeof Deno.build.arch;
  /** `Deno.build.env`: "gnu", "musl" or absent. */
  readonly env?: string | undefined;
  /** The state of the ffi permission: for `path`, or for every library. */
  ffiPermission(path?: string): Deno.PermissionState;
}

/**
 * The libraries to try, in order. A bare name works only under a plain `--allow-ffi`; under `--allow-ffi=<path>` Deno
 * takes it as relative to the working directory, and only the path as the user wrote it is granted.
 */
export function permittedLibraries(platform: Platform): readonly string[] {
  const { names, paths } = libcCandidates(platform);
  // Beside a --deny-ffi Deno takes the names as paths, too: then one of the paths may do.
  if (platform.ffiPermission() === "granted") return [...names, ...paths];
  const granted = paths.filter((path) => platform.ffiPermission(path) === "granted");
  // With nothing granted the bare name asks the user, or fails with Deno's own error.
  return granted.length > 0 ? granted : names;
}

/** Where libc is: `names` for the dynamic linker, `paths` for a permission limited to one file. */
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
