// What a phone can ask of a car, and what the car answers: the payloads inside the envelope.
//
// Facts: vehicle-command.md §2.3, §2.4 (vcsec.proto). Payloads are bytes of an UnsignedMessage; answers those of a
// FromVCSECMessage. A trunk or frunk latch can only be released, so there is nothing to close them.

import { hex } from "./bytes.js";
import { encode, Message } from "./protobuf.js";

const OWN = 1000, CLOUD_AWAY = 2; // what Latchkey alone says of itself
const INFORMATION = 1, RKE_ACTION = 2, CLOSURES = 4, KEY_LIST_CHANGE = 16;
const OPEN = 3;
const ANDROID_DEVICE = 7; // the form that a phone has

// Roles
export const OWNER = 2, DRIVER = 3;

export const STATUS = encode([[INFORMATION, []]]);
export const KEY_LIST = encode([[INFORMATION, [[1, 5]]]]);

/** By the name of the button. */
export const COMMANDS = {
  unlock: encode([[RKE_ACTION, 0]]),
  lock: encode([[RKE_ACTION, 1]]),
  drive: encode([[RKE_ACTION, 20]]),
  trunk: encode([[CLOSURES, [[5, OPEN]]]]),
  frunk: encode([[CLOSURES, [[6, OPEN]]]]),
  charge: encode([[CLOSURES, [[7, OPEN]]]]),
};

/** slot: 0 to 31. */
export const keyEntry = (slot) => encode([[INFORMATION, [[1, 6], [4, slot]]]]);

/** publicKey: 65 bytes. The car decides whether it becomes a key, and in which role. */
export const addKey = (publicKey, role) =>
  encode([[KEY_LIST_CHANGE, [[5, [[1, [[1, publicKey]]], [4, role]]], [6, [[1, ANDROID_DEVICE]]]]]]);

export const removeKey = (publicKey) => encode([[KEY_LIST_CHANGE, [[2, [[1, publicKey]]]]]]);

const SET_CLOCK = 8;
const THE_YEAR_2000 = 946_684_800; // in seconds since 1970, UTC

/** Tells a Latchkey what time it is, for guests' windows. ms: since 1970. */
export const setClock = (ms) => encode([[OWN, [[1, SET_CLOCK], [2, Math.floor(ms / 1000) - THE_YEAR_2000]]]]);

// What an answer can be
export const NOTHING = "nothing"; // the second answer to a command: it is carried out
export const ACCEPTED = "accepted";
export const WAIT = "wait";
export const FAILED = "failed"; // {information}: of the older list of reasons
export const DECLINED = "declined"; // {error}: understood, genuine, and not done
export const KEYS_CHANGED = "keys changed"; // {information}: 0, or why not
export const CAR_STATUS = "status"; // {lock, open}
export const KEYS = "keys"; // {slots}
export const KEY = "key"; // {publicKey, id, slot, role, form}

const LOCKS = ["unlocked", "locked", "locked", "unlocked"]; // the last two: from inside only, and some doors only
const OPENINGS = { 5: "trunk", 6: "frunk", 7: "charge port" };
const DOORS = [1, 2, 3, 4];
const CLOSED = 0, UNKNOWN = 3;

/** Reads an answer. Raises ProtobufError where it is none. */
export function readAnswer(payload) {
  if (payload.length === 0) return { kind: NOTHING };
  const message = new Message(payload);
  if (message.has(1)) return readStatus(message.message(1));
  if (message.has(4)) return readCommandStatus(message.message(4));
  if (message.has(16)) return readKeys(message.message(16));
  if (message.has(17)) return readKey(message.message(17));
  if (message.has(46)) return { kind: DECLINED, error: message.message(46).number(1) };
  return { kind: NOTHING };
}

function readStatus(status) {
  const closures = status.message(1);
  const stands = (field) => ![CLOSED, UNKNOWN].includes(closures.number(field));
  const open = Object.keys(OPENINGS).filter((field) => stands(Number(field))).map((field) => OPENINGS[field]);
  if (DOORS.some(stands)) open.unshift("door");
  const cloud = status.has(OWN) ? status.message(OWN) : null;
  const awayS = cloud?.number(1) === CLOUD_AWAY ? cloud.number(2) : -1;
  return { kind: CAR_STATUS, lock: LOCKS[status.number(2)] ?? "unknown", open, awayS };
}

function readCommandStatus(status) {
  if (status.has(3)) return { kind: KEYS_CHANGED, information: status.message(3).number(1) };
  if (status.number(1) === 1) return { kind: WAIT };
  if (status.number(1) === 2) return { kind: FAILED, information: status.message(2).number(2) };
  return { kind: ACCEPTED };
}

function readKeys(list) {
  const mask = list.number(3);
  return { kind: KEYS, slots: Array.from({ length: 32 }, (_, slot) => slot).filter((slot) => (mask >>> slot) & 1) };
}

function readKey(entry) {
  return {
    kind: KEY,
    publicKey: entry.message(2).bytes(1),
    id: hex(entry.message(1).bytes(1)),
    form: entry.message(4).number(1),
    slot: entry.number(6),
    role: entry.number(7),
  };
}
