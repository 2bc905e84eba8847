/** The files and links below `/proc`, by their path, as this thread is to see them. */
export type Proc = Readonly<Record<string, string>>;

/** Shows this thread another `/proc` while it is in use: what is not in there does not exist. */
export class FakeProc implements Disposable {
  readonly #readTextFileSync = Deno.readTextFileSync;
  readonly #readLinkSync = Deno.readLinkSync;

  constructor(proc: Proc) {
    const read = (path: string | URL): string => {
      const text = proc[String(path)];
      if (text === undefined) throw new Deno.errors.NotFound(String(path));
      return text;
    };
    Object.assign(Deno, { readTextFileSync: read, readLinkSync: read });
  }

  [Symbol.dispose](): void {
    Object.assign(Deno, { readTextFileSync: this.#readTextFileSync, readLinkSync: this.#readLinkSync });
  }
}
