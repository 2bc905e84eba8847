/** What a path leads to, with all that a program could have changed about it. Follows no symbolic link. */
export function identity(path: string): string {
  const { dev, ino, mode, uid, nlink, size, mtime } = Deno.lstatSync(path);
  const target = isLink(path) ? `, to ${Deno.readLinkSync(path)}` : "";
  return `${dev}:${ino}, mode ${mode?.toString(8)}, uid ${uid}, ${nlink} links, ${size} bytes, ` +
    `written ${mtime?.toISOString()}${target}`;
}

/** The identity of each entry of a folder: the same before and after when nothing there was touched. */
export function snapshot(folder: string): Record<string, string> {
  return Object.fromEntries(names(folder).map((name) => [name, identity(`${folder}/${name}`)]));
}

/** A file outside of every data directory, which a symbolic link in one might lead a careless program to. */
export class Victim implements Disposable {
  readonly path: string;
  readonly #before: string;

  constructor(content: string) {
    this.path = Deno.makeTempFileSync({ prefix: "handoff-victim-" });
    Deno.writeTextFileSync(this.path, content);
    this.#before = this.#now();
  }

  /** Whether the file is what and as it was. */
  get untouched(): boolean {
    return this.#now() === this.#before;
  }

  [Symbol.dispose](): void {
    Deno.removeSync(this.path);
  }

  #now(): string {
    return `${identity(this.path)}: ${Deno.readTextFileSync(this.path)}`;
  }
}

function names(folder: string): string[] {
  return [...Deno.readDirSync(folder)].map((entry) => entry.name).sort();
}

function isLink(path: string): boolean {
  return Deno.lstatSync(path).isSymlink;
}
