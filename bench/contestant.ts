/** One way for a program to own a directory. Both forms throw when another process owns it. */
export interface Contestant {
  readonly name: string;
  /** Takes the lock of `dataDir`; what comes back releases it. */
  take(dataDir: string): Promise<Release>;
  /** {@linkcode Contestant.take}, synchronously. */
  takeSync(dataDir: string): () => void;
  /** Opens what a program has open while it is measured. */
  open?(): Disposable;
}

/** Gives a lock back. */
export type Release = () => Promise<void> | void;

/** What the module itself is called in the figures. */
export const OURS = "DataDirLock";
