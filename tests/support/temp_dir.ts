/** A directory that lives as long as the block that uses it. */
export class TempDir implements Disposable {
  readonly path: string;

  /** Below `parent`, or where the system puts temporary files. */
  constructor(parent?: string) {
    this.path = Deno.makeTempDirSync({ dir: parent, prefix: "handoff-" });
  }

  /** The path of an entry. */
  join(name: string): string {
    return `${this.path}/${name}`;
  }

  /** The names of the entries, sorted. */
  entries(folder = this.path): string[] {
    return [...Deno.readDirSync(folder)].map((entry) => entry.name).sort();
  }

  [Symbol.dispose](): void {
    Deno.removeSync(this.path, { recursive: true });
  }
}
