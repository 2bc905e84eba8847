/** The type of a parameter in C: `int`, a `size_t` or `long`, or a pointer to bytes (null for `NULL`). */
export type CType = "int" | "word" | "buffer";

/** What one call of the C library takes. It returns an `int`, or a `ssize_t` below 2^31. */
export interface CallSpec {
  /** The symbol's name, where it is not the key. */
  readonly name?: string;
  readonly parameters: readonly CType[];
  /** Undefined where the library does not have it. */
  readonly optional?: boolean;
  /** Runs on another thread. Its errno cannot be had: a failure is -1. */
  readonly nonblocking?: boolean;
}

/** A group of calls that are opened together. */
export type CallTable = Readonly<Record<string, CallSpec>>;

type Arguments<P extends readonly CType[]> = {
  -readonly [I in keyof P]: P[I] extends "buffer" ? Uint8Array<ArrayBuffer> | null : number;
};

type Call<S extends CallSpec> = S extends { nonblocking: true }
  ? (...args: Arguments<S["parameters"]>) => Promise<number>
  : (...args: Arguments<S["parameters"]>) => number;

/** The calls of a table. Each returns what C returns, with `-errno` for -1. */
export type Calls<T extends CallTable> = {
  readonly [K in keyof T]: T[K] extends { optional: true } ? Call<T[K]> | undefined : Call<T[K]>;
};

const INT = { struct: ["i32"] } as const;
const NATIVE = { int: "i32", word: "isize", buffer: "buffer" } as const;

/**
 * The declarations of a table. Opening a symbol costs 50 µs unless a struct is in its signature: the last `int` is
 * declared as `struct { int }`, or the result where no parameter is an `int`. Every ABI we run on passes both alike.
 */
export function declarations(table: CallTable): Record<string, Deno.ForeignFunction> {
  return Object.fromEntries(
    Object.entries(table).map(([key, { name = key, parameters, optional = false, nonblocking = false }]) => {
      const cheap = nonblocking ? -1 : parameters.lastIndexOf("int");
      return [key, {
        name,
        optional,
        nonblocking,
        parameters: parameters.map((type, i) => i === cheap ? INT : NATIVE[type]),
        // Deno wraps a symbol with a struct for a result, and what is missing then looks present.
        result: nonblocking || optional || cheap >= 0 ? "i32" : INT,
      }];
    }),
  );
}

type OpenedSymbol = ((...args: unknown[]) => unknown) | null;

/**
 * The calls of a table over its symbols as Deno opened them, null for one that the library lacks. `errno` reads errno
 * without allocating anything.
 */
export function bindCalls<T extends CallTable>(
  table: T,
  symbols: Readonly<Record<string, unknown>>,
  errno: () => number,
): Calls<T> {
  const calls = Object.entries(table).map(([key, spec]) => [key, bind(symbols[key] as OpenedSymbol, spec, errno)]);
  return Object.fromEntries(calls);
}

function bind(
  symbol: OpenedSymbol,
  { parameters, optional, nonblocking }: CallSpec,
  errno: () => number,
): ((...args: unknown[]) => unknown) | undefined {
  if (symbol === null) return undefined;
  if (nonblocking) return symbol;
  const int = parameters.lastIndexOf("int");
  if (int === -1) {
    return (...args) => {
      const answer = symbol(...args);
      const result = optional ? answer : intIn(answer as Uint8Array);
      return result === -1 ? -errno() : result;
    };
  }
  return (...args) => {
    cell[0] = args[int] as number;
    args[int] = cellBytes;
    const result = symbol(...args);
    return result === -1 ? -errno() : result;
  };
}

const cell = new Int32Array(1);
const cellBytes = new Uint8Array(cell.buffer);

function intIn(bytes: Uint8Array): number {
  const [first = 0, second = 0, third = 0, fourth = 0] = bytes;
  return first | second << 8 | third << 16 | fourth << 24;
}
