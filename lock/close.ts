import { closeSync } from "node:fs";

/**
 * Closes a descriptor, come what may. A failed close(2) has closed it all the same, and here nothing is lost by it: what
 * must reach the disk was flushed before.
 */
export function close(fd: number): void {
  try {
    closeSync(fd);
  } catch {
    // An error here would hide the one that led here, or turn a lock that is held into a failure.
  }
}
