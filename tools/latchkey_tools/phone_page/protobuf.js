// Protobuf, bounded: as much of its wire format as the vehicle-command protocol uses, written and read.
//
// Facts: protobuf.dev, "Encoding". Numbers have 32 bits here, as everywhere in this protocol; fields come in any
// order, unknown ones are passed over, and of a field that comes twice the last one counts. Messages inside a message
// are read when they are asked for, one level at a time, so whoever pretends to be a car can make this neither recurse
// nor grow.

import { join, uint32 } from "./bytes.js";

const VARINT = 0, FIXED64 = 1, BYTES = 2, FIXED32 = 5;
const LONGEST_VARINT = 10;
const MOST_FIELDS = 64; // a list of 32 keys has 34

/** What was read is no such message. */
export class ProtobufError extends Error {}

/** A number that is written in four bytes, little-endian. */
export class Fixed32 {
  constructor(number) {
    this.number = number;
  }
}

/** Serialises [field, value] pairs in the order given. A value: number, Fixed32, bytes, or the pairs of a message. */
export function encode(fields) {
  return join(...fields.map(([field, value]) => join(varint(field * 8 + wireType(value)), body(value))));
}

function wireType(value) {
  if (typeof value === "number") return VARINT;
  return value instanceof Fixed32 ? FIXED32 : BYTES;
}

function body(value) {
  if (typeof value === "number") return varint(value);
  if (value instanceof Fixed32) return uint32(value.number).reverse();
  const bytes = value instanceof Uint8Array ? value : encode(value);
  return join(varint(bytes.length), bytes);
}

function varint(number) {
  const bytes = [];
  for (; number > 127; number = Math.floor(number / 128)) bytes.push((number % 128) + 128);
  return Uint8Array.of(...bytes, number);
}

/** A message that was received. Raises ProtobufError where it is none, or where a field is of another type. */
export class Message {
  constructor(bytes) {
    this._fields = [];
    const reader = new Reader(bytes);
    while (!reader.done) {
      if (this._fields.length === MOST_FIELDS) throw new ProtobufError("too many fields");
      this._fields.push(reader.field());
    }
  }

  has(field) {
    return this._fields.some((one) => one.field === field);
  }

  /** 0 where the field is missing, as proto3 wants it. */
  number(field) {
    return this._last(field, VARINT, FIXED32) ?? 0;
  }

  /** Empty where the field is missing. */
  bytes(field) {
    return this._last(field, BYTES) ?? new Uint8Array(0);
  }

  /** Empty where the field is missing. */
  message(field) {
    return new Message(this.bytes(field));
  }

  /** All messages of a repeated field. */
  messages(field) {
    const found = this._fields.filter((one) => one.field === field);
    return found.map((one) => new Message(checked(one, BYTES)));
  }

  _last(field, ...types) {
    const found = this._fields.findLast((one) => one.field === field);
    return found && checked(found, ...types);
  }
}

function checked({ type, value }, ...types) {
  if (!types.includes(type)) throw new ProtobufError("a field of another type");
  return value;
}

class Reader {
  constructor(bytes) {
    this._bytes = bytes;
    this._at = 0;
  }

  get done() {
    return this._at === this._bytes.length;
  }

  field() {
    const key = this._varint();
    const field = key >>> 3, type = key & 7;
    if (field === 0) throw new ProtobufError("field 0");
    return { field, type, value: this._value(type) };
  }

  _value(type) {
    if (type === VARINT) return this._varint();
    if (type === BYTES) return this._take(this._varint());
    if (type === FIXED64) return this._take(8);
    if (type !== FIXED32) throw new ProtobufError("unknown wire type");
    const taken = this._take(4);
    return new DataView(taken.buffer, taken.byteOffset).getUint32(0, true);
  }

  /** The lower 32 bits; more are read and mean nothing here. */
  _varint() {
    let number = 0;
    for (let place = 0; place < LONGEST_VARINT; place++) {
      const byte = this._take(1)[0];
      if (place < 5) number += (byte & 127) * 2 ** (7 * place);
      if (byte < 128) return number % 2 ** 32;
    }
    throw new ProtobufError("a number without end");
  }

  _take(length) {
    if (length > this._bytes.length - this._at) throw new ProtobufError("cut short");
    this._at += length;
    return this._bytes.subarray(this._at - length, this._at);
  }
}
