import type { Os } from "./os.ts";

/** Descriptors that arrived with a message. Those that are not taken are closed on disposal. */
export class ReceivedDescriptors implements Disposable {
  readonly #os: Os;
  readonly #descriptors: (number | undefined)[];

  constructor(os: Os, descriptors: readonly number[]) {
    this.#os = os;
    this.#descriptors = [...descriptors];
  }

  /** How many arrived, taken or not. */
  get length(): number {
    return this.#descriptors.length;
  }

  /** Makes the descriptor at `index` the caller's; undefined where none arrived there, or it is gone already. */
  take(index: number): number | undefined {
    const descriptor = this.#descriptors[index];
    if (descriptor !== undefined) this.#descriptors[index] = undefined;
    return descriptor;
  }

  [Symbol.dispose](): void {
    for (let i = 0; i < this.length; i++) {
      const descriptor = this.take(i);
      if (descriptor !== undefined) this.#os.close(descriptor);
    }
  }
}
