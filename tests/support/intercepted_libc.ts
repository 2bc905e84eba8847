// deno-lint-ignore-file handoff/dlopen-in-one-file -- what stands in for a libc has to stand where it is opened
/** What a C function says: its own return value (0, or -1 with errno set), or a failure that a test makes up. */
export type Answer = number | { readonly errno: number };

/** Stands before a C function: `real` asks the kernel, and `argument` is the first argument, a descriptor or a pid. */
export type Intercept = (real: () => number, argument: number) => Answer;

// deno-lint-ignore no-explicit-any -- whatever the symbols are that the module asks for, they are passed on
type Symbols = any;

/**
 * While this lives, what this thread asks of libc goes through a test, which can step between two system calls of
 * `acquire` or make up an errno. The call that proves that errno can be read goes to the kernel always. Every lock must
 * be taken and released within.
 */
export class InterceptedLibc implements Disposable {
  readonly #dlopen = Deno.dlopen;

  constructor(intercepts: { readonly flock?: Intercept; readonly kill?: Intercept }) {
    const dlopen = (path: string | URL, definitions: Deno.ForeignLibraryInterface) => {
      const library = this.#dlopen(path, definitions);
      return { symbols: intercepted(library.symbols, intercepts), close: () => library.close() };
    };
    Deno.dlopen = dlopen as typeof Deno.dlopen;
  }

  [Symbol.dispose](): void {
    Deno.dlopen = this.#dlopen;
  }
}

function intercepted(symbols: Symbols, { flock, kill }: { flock?: Intercept; kill?: Intercept }): Symbols {
  let madeUp: number | undefined;
  const through =
    (real: (...args: unknown[]) => number, intercept: Intercept = (real) => real()) =>
    (argument: number, ...others: unknown[]): number => {
      const answer = intercept(() => real(argument, ...others), argument);
      madeUp = typeof answer === "number" ? undefined : answer.errno;
      return typeof answer === "number" ? answer : -1;
    };
  const onRealFiles = flock && ((real: () => number, fd: number) => fd === -1 ? real() : flock(real, fd));
  return {
    ...symbols,
    flock: through(symbols.flock, onRealFiles),
    kill: through(symbols.kill, kill),
    memcpy(destination: Uint8Array<ArrayBuffer>, ...others: unknown[]): void {
      if (madeUp === undefined) symbols.memcpy(destination, ...others);
      else new Int32Array(destination.buffer)[0] = madeUp;
    },
  };
}
