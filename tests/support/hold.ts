/** A file whose being there makes daemons wait. */
export class Hold implements Disposable {
  readonly #path: string;
  /** The pid of the first daemon that has come to the point since. */
  readonly reached: () => Promise<number>;

  constructor(path: string, reached: () => Promise<number> = () => Promise.reject(new Error("Nothing waits there"))) {
    this.#path = path;
    this.reached = reached;
    Deno.writeTextFileSync(path, "");
  }

  /** Lets them go on. */
  release(): void {
    try {
      Deno.removeSync(this.#path);
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
    }
  }

  [Symbol.dispose](): void {
    this.release();
  }
}
