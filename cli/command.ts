import { parseArgs } from "@std/cli/parse-args";
import { EXIT, Failure } from "./exit_codes.ts";

/** A command of the command line. */
export interface Command {
  readonly help: string;
  readonly syntax: Syntax;
  /** Does what it is called for; resolves to the exit code. */
  run(args: Arguments): Promise<number>;
}

/** What may stand on the command line. */
export interface Syntax {
  /** Options without a value. */
  readonly flags?: readonly string[];
  /** Options with a value. */
  readonly settings?: readonly string[];
  /** Settings that may be given several times. */
  readonly lists?: readonly string[];
  /** Settings that may also stand alone, and what they mean then. */
  readonly alone?: Readonly<Record<string, string>> | undefined;
  /** Whether what is behind `--` is kept apart, as another program's command line. */
  readonly commandLine?: boolean;
}

/** What stands on the command line. */
export interface Arguments {
  readonly flags: ReadonlySet<string>;
  readonly settings: ReadonlyMap<string, string>;
  /** The values of each setting that may be given several times. */
  readonly lists: ReadonlyMap<string, readonly string[]>;
  readonly operands: readonly string[];
  /** What is behind `--`, where the syntax keeps it apart. */
  readonly commandLine: readonly string[];
}

/** Takes a command line apart; every command has `--help`. Throws {@linkcode Failure} for what the syntax does not know. */
export function parse(
  args: readonly string[],
  { flags = [], settings = [], lists = [], alone = {}, commandLine }: Syntax,
): Arguments {
  const allFlags = ["help", ...flags];
  const end = args.indexOf("--");
  const options = end === -1 ? args : args.slice(0, end);
  const valued = options.find((arg) => allFlags.some((flag) => arg.startsWith(`--${flag}=`)));
  if (valued !== undefined) throw usageError(`option takes no value: "${valued}"`);
  const completed = options.map((arg) => isAlone(arg, alone) ? `${arg}=${alone[arg.slice(2)]}` : arg);
  const parsed: Record<string, unknown> = parseArgs([...completed, ...args.slice(options.length)], {
    boolean: allFlags,
    string: [...settings, ...lists, "_"],
    collect: [...lists],
    alias: { help: "h" },
    "--": true,
    unknown: refuseOption,
  });
  const behind = parsed["--"] as string[];
  return {
    flags: new Set(allFlags.filter((flag) => parsed[flag] === true)),
    settings: new Map(settings.filter((name) => name in parsed).map((name) => [name, parsed[name] as string])),
    lists: new Map(lists.map((name) => [name, parsed[name] as string[] ?? []])),
    operands: [...parsed._ as string[], ...commandLine ? [] : behind],
    commandLine: commandLine ? behind : [],
  };
}

/** The directory, where that is the only operand. */
export function onlyDirectory({ operands }: Arguments): string {
  const [dataDir, superfluous] = operands;
  if (dataDir === undefined) throw usageError("missing DIR");
  if (superfluous !== undefined) throw usageError(`unexpected argument "${superfluous}"`);
  return dataDir;
}

/** The milliseconds of a setting in seconds. */
export function milliseconds({ settings }: Arguments, name: string, otherwise: number): number {
  const text = settings.get(name);
  if (text === undefined) return otherwise;
  if (text === FOR_EVER) return Infinity;
  if (!/^\d+(\.\d+)?$/.test(text)) throw usageError(`invalid number of seconds for --${name}: "${text}"`);
  return Number(text) * 1_000;
}

/** A number of seconds without an end. */
export const FOR_EVER = "infinity";

/** An error that says how the command line is wrong. */
export function usageError(message: string): Failure {
  return new Failure(EXIT.error, `${message} (see --help)`);
}

function isAlone(arg: string, alone: Readonly<Record<string, string>>): boolean {
  return arg.startsWith("--") && Object.hasOwn(alone, arg.slice(2));
}

/** `parseArgs` calls this for positional arguments too, without a key. */
function refuseOption(arg: string, key?: string): boolean {
  if (key === undefined) return true;
  throw usageError(`unknown option "${arg}"`);
}
