/** What a daemon says of itself. */
export interface Identity {
  /** Its process id. */
  readonly pid: number;
  /** What identifies the program's build. */
  readonly buildId: string;
}
