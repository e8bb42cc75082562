// Frames of the vehicle-command protocol on a byte pipe: two bytes of length, big-endian, then one message.
//
// Facts: protocol.md; vehicle-command.md §1.3. Chunks are cut anywhere. A frame that stands still for more than a
// second is dropped, and a declared length beyond 1,024 is nonsense; both begin anew with the next chunk.

import { join } from "./bytes.js";

const LONGEST = 1024;
const SILENCE_MS = 1000;

/** A message behind its length. */
export const frame = (message) => join(Uint8Array.of(message.length >> 8, message.length), message);

/** Puts chunks together. */
export class Frames {
  /** now(): milliseconds that only rise. */
  constructor(now) {
    this._now = now;
    this._bytes = new Uint8Array(0);
    this._heardMs = 0;
  }

  /** Takes a chunk; gives the messages that are whole now. */
  take(chunk) {
    const now = this._now();
    const stale = now - this._heardMs > SILENCE_MS;
    this._heardMs = now;
    this._bytes = stale ? chunk.slice() : join(this._bytes, chunk);
    const messages = [];
    while (this._bytes.length >= 2) {
      const length = this._bytes[0] * 256 + this._bytes[1];
      if (length > LONGEST) {
        this._bytes = new Uint8Array(0);
        break;
      }
      if (this._bytes.length < 2 + length) break;
      if (length) messages.push(this._bytes.slice(2, 2 + length));
      this._bytes = this._bytes.slice(2 + length);
    }
    return messages;
  }
}
