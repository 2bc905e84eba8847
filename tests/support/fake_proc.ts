/** The files and links below `/proc`, by their path, as this thread is to see them; a list is what each read gives. */
export type Proc = Readonly<Record<string, string | readonly string[]>>;

/** Shows this thread another `/proc` while it is in use: what is not in there does not exist. */
export class FakeProc implements Disposable {
  readonly #openSync = Deno.openSync;
  readonly #readTextFileSync = Deno.readTextFileSync;
  readonly #readLinkSync = Deno.readLinkSync;

  constructor(proc: Proc) {
    const reads = (path: string | URL): string[] => {
      const text = proc[String(path)];
      if (text === undefined) throw new Deno.errors.NotFound(String(path));
      return [text].flat();
    };
    const read = (path: string | URL): string => reads(path).join("");
    Object.assign(Deno, { openSync: (path: string) => file(reads(path)), readTextFileSync: read, readLinkSync: read });
  }

  [Symbol.dispose](): void {
    Object.assign(Deno, {
      openSync: this.#openSync,
      readTextFileSync: this.#readTextFileSync,
      readLinkSync: this.#readLinkSync,
    });
  }
}

/** An open file which gives one of `reads` at each read. */
function file(reads: string[]): Pick<Deno.FsFile, "readSync"> & Disposable {
  const rest = [...reads];
  return {
    readSync: (buffer) => new TextEncoder().encodeInto(rest.shift() ?? "", buffer).written || null,
    [Symbol.dispose]: () => {},
  };
}
