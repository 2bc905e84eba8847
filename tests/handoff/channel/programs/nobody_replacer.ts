/** The program `replacer.ts`, run as the user `nobody` although root started it. */
import "../../../programs/become_nobody.ts";
import "./replacer.ts";
