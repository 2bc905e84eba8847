import { HandoffError } from "../../lock/errors.ts";

/** A configuration that cannot be used: nothing was started. */
export class ConfigError extends HandoffError {}
