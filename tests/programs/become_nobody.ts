/** Gives up root for the user and group `nobody`, once and for all. */
import process from "node:process";

const NOBODY = 65534;

process.setgid?.(NOBODY);
process.setuid?.(NOBODY);
