// What follows from the name and the public key of a car: its name on the air, short ids, whether the two belong
// together.
//
// Facts: vehicle-command.md §1.2, §2.3. A controller that made its own name drew it from the hash of its public key
// (firmware: credentials/identity.py); that name says which key to expect before anything is pinned. It is 45 bits of
// a hash: enough against a mix-up and a passer-by, not against somebody who computes for weeks to deceive one phone.

import { hex, utf8 } from "./bytes.js";

const VIN = /^[0-9A-Z]{17}$/;
const LEAD = "LATCHKEY";
const ALPHABET = "ABCDEFGHJKLMNPRSTUVWXYZ123456789"; // of ISO 3779 without 0: 32 letters
const MADE_HERE = new RegExp(`^${LEAD}[${ALPHABET}]{9}$`);

/** The VIN a person meant: in capitals, without spaces. Empty where it is none. */
export function readVin(text) {
  const vin = text.replace(/\s/g, "").toUpperCase();
  return VIN.test(vin) ? vin : "";
}

/** The complete local name of the car on the air: 18 characters. */
export async function localName(vin) {
  return `S${hex(await sha("SHA-1", utf8(vin))).slice(0, 16)}C`;
}

/** The short id of a public key of 65 bytes, 8 digits of its SHA-1: for people and lists; it identifies nothing. */
export async function keyId(publicKey) {
  return hex(await sha("SHA-1", publicKey)).slice(0, 8);
}

/** False where the name says that it belongs to another public key (65 bytes); names of other makes say nothing. */
export async function mayBeCalled(vin, publicKey) {
  if (!MADE_HERE.test(vin)) return true;
  const digest = await sha("SHA-256", publicKey.subarray(1));
  return vin === LEAD + Array.from(digest.subarray(0, 9), (byte) => ALPHABET[byte & 31]).join("");
}

const sha = async (name, bytes) => new Uint8Array(await crypto.subtle.digest(name, bytes));
