// deno-lint-ignore-file handoff/dlopen-in-one-file -- what counts the openings has to stand where they are made
/** Counts the libraries that this thread opens and closes while it is in use. */
export class OpenLibraries implements Disposable {
  readonly #dlopen = Deno.dlopen;
  opened = 0;
  #closed = 0;

  constructor() {
    const dlopen = (path: string | URL, symbols: Deno.ForeignLibraryInterface) => {
      const library = this.#dlopen(path, symbols);
      this.opened++;
      return { symbols: library.symbols, close: () => this.#close(library) };
    };
    Deno.dlopen = dlopen as typeof Deno.dlopen;
  }

  /** How many are open. */
  get count(): number {
    return this.opened - this.#closed;
  }

  #close(library: { close(): void }): void {
    library.close();
    this.#closed++;
  }

  [Symbol.dispose](): void {
    Deno.dlopen = this.#dlopen;
  }
}
