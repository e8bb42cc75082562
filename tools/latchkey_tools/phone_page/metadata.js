// Metadata of the vehicle-command protocol: what a tag covers besides the message itself.
//
// Facts: vehicle-command.md §3.2. Items in ascending order, each tag, length, value; FF ends them. Numbers have four
// bytes, big-endian. What is absent is left out.

import { join, uint32, utf8 } from "./bytes.js";

const SIGNATURE_TYPE = 0, DOMAIN = 1, VIN = 2, EPOCH = 3, EXPIRES_AT = 4, COUNTER = 5, CHALLENGE = 6, FLAGS = 7;
const REQUEST_HASH = 8, FAULT = 9;
const END = 255;

// Signature types
export const AES_GCM = 5;
const SESSION_INFO = 6, AES_GCM_RESPONSE = 9;

/** Of a command. epoch: 16 bytes; flags 0 are left out, as the protocol wants it. */
export function ofCommand({ vin, domain, epoch, expiresAt, counter, flags }) {
  const items = [
    [SIGNATURE_TYPE, Uint8Array.of(AES_GCM)],
    [DOMAIN, Uint8Array.of(domain)],
    [VIN, utf8(vin)],
    [EPOCH, epoch],
    [EXPIRES_AT, uint32(expiresAt)],
    [COUNTER, uint32(counter)],
  ];
  return serialise(flags ? [...items, [FLAGS, uint32(flags)]] : items);
}

/** Of session info. challenge: the uuid of the request that it answers. */
export function ofSessionInfo({ vin, challenge }) {
  return serialise([
    [SIGNATURE_TYPE, Uint8Array.of(SESSION_INFO)],
    [VIN, utf8(vin)],
    [CHALLENGE, challenge],
  ]);
}

/** Of an encrypted reply. requestHash: signature type and tag of the request, so that it answers this one only. */
export function ofReply({ vin, domain, counter, flags, requestHash, fault }) {
  return serialise([
    [SIGNATURE_TYPE, Uint8Array.of(AES_GCM_RESPONSE)],
    [DOMAIN, Uint8Array.of(domain)],
    [VIN, utf8(vin)],
    [COUNTER, uint32(counter)],
    [FLAGS, uint32(flags)],
    [REQUEST_HASH, requestHash],
    [FAULT, uint32(fault)],
  ]);
}

function serialise(items) {
  return join(...items.map(([tag, value]) => join(Uint8Array.of(tag, value.length), value)), Uint8Array.of(END));
}
