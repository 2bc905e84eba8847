import { ConfigError } from "./config_error.ts";
import { type RawConfig, readConfig, type SupervisorConfig } from "./config.ts";

/**
 * The configuration of a TOML file, where there is one, with `overrides` in place of the keys that they have. Rejects with
 * {@linkcode ConfigError}, which names the file.
 */
export async function loadConfig(file: string | undefined, overrides: RawConfig): Promise<SupervisorConfig> {
  const written = file === undefined ? {} : await parseFile(file);
  try {
    return readConfig({ ...written, ...overrides });
  } catch (cause) {
    if (!(cause instanceof Error)) throw cause;
    const where = file === undefined ? "" : `Cannot use ${JSON.stringify(file)}: `;
    throw new ConfigError(`${where}${cause.message}`, { cause });
  }
}

async function parseFile(file: string): Promise<RawConfig> {
  const { parse } = await import("@std/toml/parse");
  try {
    return parse(await Deno.readTextFile(file));
  } catch (cause) {
    const message = cause instanceof Error ? cause.message.split("\n", 1)[0] : String(cause);
    throw new ConfigError(`Cannot read ${JSON.stringify(file)}: ${message}`, { cause });
  }
}
