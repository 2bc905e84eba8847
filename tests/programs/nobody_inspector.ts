/** The program `inspector.ts`, run as the user `nobody` although root started it: imports run in the order they stand. */
import "./become_nobody.ts";
import "./inspector.ts";
