import { ProtocolError } from "./protocol_error.ts";
import type { Codec, Fields, Sink, Source } from "./postcard.ts";

/** An unsigned number of 64 bits. */
export const u64: Codec<bigint> = {
  write: (sink, value) => writeVarint(sink, value, 64),
  read: (source) => readVarint(source, 64),
};

/** An unsigned number of 32 bits. */
export const u32: Codec<number> = small(32);

/** An unsigned number of 16 bits. */
export const u16: Codec<number> = small(16);

/** One byte, 0 or 1. */
export const bool: Codec<boolean> = {
  write: (sink, value) => sink.push(value ? 1 : 0),
  read: (source) => readFlag(source, "boolean"),
};

/** Bytes with their length before them. */
export const bytes: Codec<Uint8Array> = {
  write(sink, value) {
    writeVarint(sink, BigInt(value.length), 64);
    sink.append(value);
  },
  read: (source) => source.take(readLength(source)).slice(),
};

/** UTF-8 with its length in bytes before it. A lone surrogate, which UTF-8 has no bytes for, is written as U+FFFD. */
export const string: Codec<string> = {
  write: (sink, value) => bytes.write(sink, new TextEncoder().encode(value)),
  read(source) {
    const text = source.take(readLength(source));
    try {
      return UTF8.decode(text);
    } catch (cause) {
      throw new ProtocolError("codec", "Cannot decode: a string is not UTF-8", { cause });
    }
  },
};

/** A UUID in lower case; on the wire 16 bytes in the order of RFC 9562, with their length before them. */
export const uuid: Codec<string> = {
  write(sink, value) {
    if (!UUID.test(value)) throw new ProtocolError("codec", `Cannot encode ${JSON.stringify(value)}: not a UUID`);
    bytes.write(sink, Uint8Array.fromHex(value.replaceAll("-", "")));
  },
  read(source) {
    const length = readLength(source);
    if (length !== 16) throw new ProtocolError("codec", `Cannot decode: a UUID of ${length} bytes`);
    return source.take(16).toHex().replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");
  },
};

/** Exactly `length` bytes, and nothing that says how many. */
export function fixedBytes(length: number): Codec<Uint8Array> {
  return {
    write(sink, value) {
      if (value.length !== length) {
        throw new ProtocolError("codec", `Cannot encode ${value.length} bytes where ${length} must be`);
      }
      sink.append(value);
    },
    read: (source) => source.take(length).slice(),
  };
}

/** Items with their number before them. What is allocated grows with what is read, not with what is announced. */
export function list<T>(item: Codec<T>): Codec<readonly T[]> {
  return {
    write(sink, values) {
      writeVarint(sink, BigInt(values.length), 64);
      for (const value of values) item.write(sink, value);
    },
    read(source) {
      const values: T[] = [];
      for (let missing = readLength(source); missing > 0; missing--) values.push(item.read(source));
      return values;
    },
  };
}

/** One byte that says whether a value follows, and the value. */
export function option<T>(value: Codec<T>): Codec<T | undefined> {
  return {
    write(sink, some) {
      sink.push(some === undefined ? 0 : 1);
      if (some !== undefined) value.write(sink, some);
    },
    read: (source) => readFlag(source, "presence") ? value.read(source) : undefined,
  };
}

/** One of `names`, by its index. */
export function oneOf<Name extends string>(what: string, names: readonly Name[]): Codec<Name> {
  return {
    write(sink, name) {
      const index = names.indexOf(name);
      if (index < 0) throw new ProtocolError("codec", `Cannot encode ${JSON.stringify(name)}: not a ${what}`);
      u32.write(sink, index);
    },
    read(source) {
      const index = u32.read(source);
      const name = names[index];
      if (name === undefined) throw new ProtocolError("codec", `Cannot decode: there is no ${what} ${index}`);
      return name;
    },
  };
}

/** The fields, one after the other. */
export function struct<T extends object>(fields: Fields<T>): Codec<T> {
  const names = Object.keys(fields) as (keyof T)[];
  return {
    write(sink, value) {
      for (const name of names) fields[name].write(sink, value[name]);
    },
    read: (source) => Object.fromEntries(names.map((name) => [name, fields[name].read(source)])) as T,
  };
}

/** `ignoreBOM` keeps a leading U+FEFF, which belongs to the text. */
const UTF8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

function small(bits: 16 | 32): Codec<number> {
  return {
    write(sink, value) {
      if (!Number.isInteger(value)) throw new ProtocolError("codec", `Cannot encode ${value}: not an integer`);
      writeVarint(sink, BigInt(value), bits);
    },
    read: (source) => Number(readVarint(source, bits)),
  };
}

function writeVarint(sink: Sink, value: bigint, bits: number): void {
  if (BigInt.asUintN(bits, value) !== value) {
    throw new ProtocolError("codec", `Cannot encode ${value}: not an unsigned number of ${bits} bits`);
  }
  let rest = value;
  for (; rest > 0x7fn; rest >>= 7n) sink.push(Number(rest & 0x7fn) | 0x80);
  sink.push(Number(rest));
}

/** Longer forms than needed are read, as the Rust crate reads them, but none that is longer than the widest value. */
function readVarint(source: Source, bits: number): bigint {
  let value = 0n;
  for (let shift = 0; shift < bits; shift += 7) {
    const byte = source.shift();
    value |= BigInt(byte & 0x7f) << BigInt(shift);
    if (byte > 0x7f) continue;
    if (BigInt.asUintN(bits, value) === value) return value;
    break;
  }
  throw new ProtocolError("codec", `Cannot decode: a number does not fit ${bits} bits`);
}

/** An announced number of bytes or items. It reserves nothing: only what is there can be taken. */
function readLength(source: Source): number {
  return Number(readVarint(source, 64));
}

function readFlag(source: Source, what: string): boolean {
  const byte = source.shift();
  if (byte > 1) throw new ProtocolError("codec", `Cannot decode: a ${what} is ${byte}, neither 0 nor 1`);
  return byte === 1;
}
