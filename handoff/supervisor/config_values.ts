import { ConfigError } from "./config_error.ts";

/** Turns the value of a key into what it means; throws {@linkcode ConfigError} for what it cannot mean. */
export type ValueReader<T> = (value: unknown, key: string) => T;

/** A string that is not empty and has no NUL byte. */
export const text: ValueReader<string> = (value, key) => {
  if (typeof value === "string" && value !== "" && !value.includes("\0")) return value;
  throw wrong(key, "a string that is not empty");
};

/** An integer from 0. */
export const count: ValueReader<number> = (value, key) => {
  if (typeof value === "number" && Number.isSafeInteger(value) && value >= 0) return value;
  throw wrong(key, "an integer from 0");
};

/** Seconds, as milliseconds. */
export const seconds: ValueReader<number> = (value, key) => {
  if (typeof value === "number" && value >= 0 && value <= LONGEST_SECONDS) return Math.round(value * 1_000);
  throw wrong(key, `a number of seconds from 0 to ${LONGEST_SECONDS}`);
};

/** One of these words. */
export function oneOf<const T extends string>(...words: readonly T[]): ValueReader<T> {
  return (value, key) => {
    const word = words.find((candidate) => candidate === value);
    if (word === undefined) throw wrong(key, words.map((word) => JSON.stringify(word)).join(" or "));
    return word;
  };
}

/** A list of values. */
export function list<T>(item: ValueReader<T>): ValueReader<readonly T[]> {
  return (value, key) => {
    if (!Array.isArray(value)) throw wrong(key, "a list");
    return value.map((each, index) => item(each, `${key}[${index}]`));
  };
}

/** An argument, which may be empty. */
export const argument: ValueReader<string> = (value, key) => {
  if (typeof value === "string" && !value.includes("\0")) return value;
  throw wrong(key, "a string");
};

/** Environment variables: a table, or the crate's list of pairs. */
export const environment: ValueReader<Readonly<Record<string, string>>> = (value, key) => {
  const pairs = Array.isArray(value)
    ? value.map((pair, index) => pairOf(pair, `${key}[${index}]`))
    : entriesOf(value, key);
  return Object.fromEntries(pairs.map(([name, text]) => {
    if (typeof name !== "string" || name === "" || /[=\0]/.test(name)) {
      throw new ConfigError(`${key}: ${JSON.stringify(name)} cannot be the name of a variable`);
    }
    return [name, argument(text, `${key}.${name}`)];
  }));
};

/** The error for a value that its key cannot have. */
export function wrong(key: string, expected: string): ConfigError {
  return new ConfigError(`${key} must be ${expected}`);
}

/** The longest time that can be asked for, in seconds: a day. */
const LONGEST_SECONDS = 86_400;

function pairOf(value: unknown, key: string): readonly [unknown, unknown] {
  if (Array.isArray(value) && value.length === 2) return [value[0], value[1]];
  throw wrong(key, "a pair of a name and a value");
}

function entriesOf(value: unknown, key: string): readonly (readonly [unknown, unknown])[] {
  if (typeof value === "object" && value !== null) return Object.entries(value);
  throw wrong(key, "a table, or a list of pairs");
}
