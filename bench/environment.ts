import { PLACES } from "./places.ts";

/** Where the figures come from. */
export interface Environment {
  readonly cpu: string;
  readonly cores: number;
  readonly kernel: string;
  /** The type of the filesystem that each place is on. */
  readonly filesystems: Readonly<Record<string, string>>;
  readonly versions: Readonly<Record<string, string>>;
}

/** What the figures depend on; nothing that tells whose machine it is. */
export function describeEnvironment(): Environment {
  return {
    cpu: cpu(),
    cores: navigator.hardwareConcurrency,
    kernel: `${Deno.build.os} ${Deno.osRelease()}`,
    filesystems: Object.fromEntries(PLACES.map(({ name, parent }) => [name, filesystem(parent)])),
    versions: {
      Deno: Deno.version.deno,
      ...Object.fromEntries(["proper-lockfile", "lockfile"].map((name) => [name, packageVersion(name)])),
      "flock(1)": output("flock", "--version").split(" ").at(-1) || "missing",
    },
  };
}

function cpu(): string {
  if (Deno.build.os === "darwin") return output("sysctl", "-n", "machdep.cpu.brand_string");
  return /^model name\s*: (.*)$/m.exec(Deno.readTextFileSync("/proc/cpuinfo"))?.[1] ?? Deno.build.arch;
}

function filesystem(path: string): string {
  return output("df", "--output=fstype", path).split("\n").at(-1) || "unknown";
}

function packageVersion(name: string): string {
  const map = new URL("../import_map.npm.json", import.meta.url);
  const { imports } = JSON.parse(Deno.readTextFileSync(map));
  return imports[name].split("@").at(-1);
}

/** What a command prints; nothing where it is missing. */
function output(command: string, ...args: string[]): string {
  try {
    return new TextDecoder().decode(new Deno.Command(command, { args }).outputSync().stdout).trim();
  } catch {
    return "";
  }
}
