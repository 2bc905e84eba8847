/** Counts the listeners for the end of the program that are added and not taken away while it is in use. */
export class UnloadListeners implements Disposable {
  readonly #add = globalThis.addEventListener;
  readonly #remove = globalThis.removeEventListener;
  readonly #listeners = new Set<unknown>();

  constructor() {
    globalThis.addEventListener = (type: string, listener: EventListenerOrEventListenerObject) => {
      if (type === "unload") this.#listeners.add(listener);
      this.#add.call(globalThis, type, listener);
    };
    globalThis.removeEventListener = (type: string, listener: EventListenerOrEventListenerObject) => {
      if (type === "unload") this.#listeners.delete(listener);
      this.#remove.call(globalThis, type, listener);
    };
  }

  get count(): number {
    return this.#listeners.size;
  }

  [Symbol.dispose](): void {
    globalThis.addEventListener = this.#add;
    globalThis.removeEventListener = this.#remove;
  }
}
