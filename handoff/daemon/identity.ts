/** What a daemon says of itself. */
export interface Identity {
  readonly pid: number;
  /** What identifies the program's build. */
  readonly buildId: string;
}
