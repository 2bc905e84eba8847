/** Imports `node:fs`, and does nothing else: a part of Deno that it loads when it is first asked for. */
import "node:fs";
