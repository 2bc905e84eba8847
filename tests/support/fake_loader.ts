import type { Loader } from "../../ffi/libc.ts";

const EBADF = 9;

/** How a made-up platform differs from Linux with glibc, every library there, and every permission. */
export interface FakePlatform {
  readonly os?: Loader["os"];
  readonly arch?: Loader["arch"];
  /** The only library that may be opened; every one where it is absent. */
  readonly granted?: string;
  /** Whether every library is permitted but for one. */
  readonly partial?: boolean;
  /** What the user answers when asked for every library. */
  readonly answer?: Deno.PermissionState;
  /** What HANDOFF_LIBC says. */
  readonly libcPath?: string;
  /** The libraries that are not there. */
  readonly missing?: readonly string[];
  /** What opening throws. */
  readonly denial?: Error;
  /** What every flock returns, and the errno that it leaves. */
  readonly flock?: number;
  readonly errno?: number;
}

/** A made-up platform, and what was asked of it. */
export class FakeLoader {
  readonly asked: string[] = [];
  readonly opened: string[] = [];
  closed = 0;
  questions = 0;
  symbols: Deno.ForeignLibraryInterface = {};
  flock: number;
  errno: number;
  readonly loader: Loader;

  constructor(platform: FakePlatform) {
    const { os = "linux", arch = "x86_64", granted, missing = [], denial, flock = -1, errno = EBADF } = platform;
    const { partial = false, answer = "denied", libcPath } = platform;
    this.flock = flock;
    this.errno = errno;
    this.loader = {
      os,
      arch,
      env: "gnu",
      libcPath,
      ffiPermission: (path) => ({
        state: granted === undefined || path === granted ? "granted" : "prompt",
        partial: partial && path === undefined,
      }),
      requestFfi: () => {
        this.questions++;
        return { state: answer, partial };
      },
      dlopen: (path, symbols) => {
        this.asked.push(path);
        if (denial !== undefined) throw denial;
        if (missing.includes(path)) throw new Error(`${path}: cannot open shared object file`);
        this.opened.push(path);
        this.symbols = symbols;
        // deno-lint-ignore no-explicit-any -- only the symbols that these tests call are there
        return { symbols: this.#functions(), close: () => void this.closed++ } as any;
      },
    };
  }

  get symbolNames(): unknown[] {
    return Object.values(this.symbols).map((symbol) => symbol.name);
  }

  #functions() {
    return {
      flock: () => this.flock,
      kill: () => -1,
      errnoLocation: () => new Uint8Array(8),
      memcpy: (to: Uint8Array<ArrayBuffer>) => void (new Int32Array(to.buffer)[0] = this.errno),
    };
  }
}
