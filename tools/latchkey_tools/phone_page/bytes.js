// Bytes as the vehicle-command protocol and people write them.

/** Hexadecimal digits, two a byte, in lower case. */
export const hex = (bytes) => Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");

/** Bytes of a text of ASCII or UTF-8. */
export const utf8 = (text) => new TextEncoder().encode(text);

/** One array out of several. */
export function join(...parts) {
  const whole = new Uint8Array(parts.reduce((length, part) => length + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

/** The same bytes? Not for secrets: tags are compared by WebCrypto, in constant time. */
export const same = (one, other) => one.length === other.length && one.every((byte, at) => byte === other[at]);

/** A number of 32 bits, big-endian. */
export const uint32 = (number) => Uint8Array.of(number >>> 24, number >>> 16, number >>> 8, number);
