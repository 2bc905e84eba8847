import { ProtocolError } from "./protocol_error.ts";

/**
 * Turns a value from JSON into a `T`, field by field, or throws a {@linkcode ProtocolError} `"codec"` that says what is
 * wrong at the place `at`.
 */
export type Shape<T> = (value: unknown, at: string) => T;

/** A shape for each field of `T`; `optional(…)` for one that may be missing. */
export type Shapes<T> = { readonly [Name in keyof T]-?: Shape<T[Name]> };

/** The value that `text` is the JSON of. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new ProtocolError("codec", "Cannot read a message: it is not JSON", { cause });
  }
}

/** The text of `bytes`. */
export function decodeUtf8(bytes: Uint8Array): string {
  try {
    return UTF8.decode(bytes);
  } catch (cause) {
    throw new ProtocolError("codec", "Cannot read a message: it is not UTF-8", { cause });
  }
}

/** An object of any fields. */
export const record: Shape<Readonly<Record<string, unknown>>> = (value, at) => {
  if (typeof value === "object" && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
  throw wrong(at, "an object");
};

/** An object with these fields. Others are left out: a newer peer may know more. */
export function object<T extends object>(shapes: Shapes<T>): Shape<T> {
  const names = Object.keys(shapes) as (keyof T & string)[];
  return (value, at) => {
    const given = record(value, at);
    const result: Partial<T> = {};
    for (const name of names) {
      const field = shapes[name](given[name], `${at}.${name}`);
      if (field !== undefined) result[name] = field;
    }
    return result as T;
  };
}

/** An object with these fields and no others, where what is not understood must not be ignored. */
export function exactObject<T extends object>(shapes: Shapes<T>): Shape<T> {
  const shape = object(shapes);
  return (value, at) => {
    const stranger = Object.keys(record(value, at)).find((name) => !Object.hasOwn(shapes, name));
    if (stranger !== undefined) {
      throw new ProtocolError("codec", `Cannot read ${at}: unknown field ${JSON.stringify(stranger)}`);
    }
    return shape(value, at);
  };
}

/** A `T`, or nothing. */
export function optional<T>(shape: Shape<T>): Shape<T | undefined> {
  return (value, at) => value === undefined ? undefined : shape(value, at);
}

/** Items of one shape. */
export function array<T>(shape: Shape<T>): Shape<readonly T[]> {
  return (value, at) => {
    if (!Array.isArray(value)) throw wrong(at, "an array");
    return value.map((item, index) => shape(item, `${at}[${index}]`));
  };
}

/** One of these values. */
export function oneOf<const T extends string | number | boolean>(...values: readonly T[]): Shape<T> {
  return (value, at) => {
    const found = values.find((candidate) => candidate === value);
    if (found === undefined) throw wrong(at, values.map((candidate) => JSON.stringify(candidate)).join(" or "));
    return found;
  };
}

/** A string. */
export const text: Shape<string> = (value, at) => {
  if (typeof value === "string") return value;
  throw wrong(at, "a string");
};

/** A u64 in decimal, which JSON's numbers have no room for. */
export const decimal: Shape<string> = (value, at) => {
  if (/^\d{1,20}$/.test(text(value, at))) return value as string;
  throw wrong(at, "a number in decimal");
};

/** `true` or `false`. */
export const flag: Shape<boolean> = (value, at) => {
  if (typeof value === "boolean") return value;
  throw wrong(at, "true or false");
};

/** An integer that is exact, such as an exit code. */
export const integer: Shape<number> = (value, at) => {
  if (typeof value === "number" && Number.isSafeInteger(value)) return value;
  throw wrong(at, "an integer");
};

/** An integer from 0: a count, a pid, whole milliseconds. */
export const count: Shape<number> = (value, at) => {
  if (integer(value, at) >= 0) return value as number;
  throw wrong(at, "at least 0");
};

/** A number from 0: a duration, perhaps with a fraction. */
export const duration: Shape<number> = (value, at) => {
  if (typeof value === "number" && value >= 0 && Number.isFinite(value)) return value;
  throw wrong(at, "a number of at least 0");
};

const UTF8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

function wrong(at: string, expected: string): ProtocolError {
  return new ProtocolError("codec", `Cannot read ${at}: it must be ${expected}`);
}
