// A phone's side of the vehicle-command protocol, without a link: messages to send come out, received ones go in.
//
// Facts: vehicle-command.md §2.1, §2.2, §3, checked by its vectors. One request is under way at a time; every answer
// must carry its uuid and the address of this session. Commands ask for encrypted replies (flags 2), and an answer to
// one counts only if its tag binds it to that very command. Session info counts only with its own tag, over the uuid
// of the request, from the key that was pinned. So whoever stands between phone and car can delay and drop, not
// deceive; what he can fake are faults, which carry no signature: they are told to the person and change nothing by
// themselves. Not protected against: relays, which carry a genuine press to a car that is further away than it seems.

import { join, same } from "./bytes.js";
import { keyId, mayBeCalled } from "./identity.js";
import * as metadata from "./metadata.js";
import { encode, Fixed32, Message, ProtobufError } from "./protobuf.js";
import { SharedKey } from "./shared_key.js";

const VEHICLE_SECURITY = 2;
const ENCRYPT_REPLY = 2; // flags
const ERROR = 2; // operation_status
const HASH_LEN = 17; // of a request, in replies of this domain
const NOT_ENROLLED = 1;

// RoutableMessage
const TO = 6, FROM = 7, PAYLOAD = 10, STATUS = 12, SIGNATURE = 13, GREETING = 14, SESSION_INFO = 15;
const REQUEST_UUID = 50, UUID = 51, FLAGS = 52;
const DOMAIN = 1, ADDRESS = 2;

// What receive() can tell
export const SESSION = "session"; // {enrolled}: the answer to greet()
export const ANSWER = "answer"; // {payload}: of a FromVCSECMessage; decrypted and proved if the request was signed
export const FAULT = "fault"; // {fault, repaired}: repaired says that fresh session info came along and was adopted
export const FORGED = "forged"; // {why}: it answers our request, and the car cannot have sent it
export const NEWS = "news"; // a status for everybody: unsigned, good for nothing but to ask

/** One for each connection. */
export class Session {
  /**
   * vin: 17 characters. privateKey: CryptoKey for ECDH; publicKey: its 65 bytes. vehicleKey: 65 bytes that the car must
   * have, or null; vehicleId: 8 digits that its id must have, or "". random(length): bytes; nowMs(): only rises.
   */
  constructor({ vin, privateKey, publicKey, vehicleKey, vehicleId, random, nowMs, lifetimeS = 5 }) {
    Object.assign(this, { vin, vehicleKey, vehicleId, lifetimeS });
    Object.assign(this, { _privateKey: privateKey, _publicKey: publicKey, _random: random, _nowMs: nowMs });
    this._address = random(16);
    this._shared = null;
    this._epoch = null;
    this._counter = 0;
    this._clockS = 0;
    this._clockMs = 0;
    this._pending = null;
  }

  /** Can command() be used? */
  get ready() {
    return this._epoch !== null;
  }

  /** A message that asks for session info. */
  greet() {
    return this._request([[GREETING, [[1, this._publicKey]]]]);
  }

  /** A message that nobody signs. payload: bytes of an UnsignedMessage. */
  ask(payload) {
    return this._request([[PAYLOAD, payload]]);
  }

  /** A signed and encrypted message, good for five seconds. */
  async command(payload) {
    this._counter += 1;
    const expiresAt = this._clockS + Math.floor((this._nowMs() - this._clockMs) / 1000) + this.lifetimeS;
    const about = { vin: this.vin, domain: VEHICLE_SECURITY, epoch: this._epoch, expiresAt, counter: this._counter };
    const nonce = this._random(12);
    const covered = metadata.ofCommand({ ...about, flags: ENCRYPT_REPLY });
    const { ciphertext, tag } = await this._shared.seal(nonce, covered, payload);
    const proof = [[1, about.epoch], [2, nonce], [3, about.counter], [4, new Fixed32(expiresAt)], [5, tag]];
    const signature = [[1, [[1, this._publicKey]]], [metadata.AES_GCM, proof]];
    const message = this._request([[PAYLOAD, ciphertext], [SIGNATURE, signature]], [[FLAGS, ENCRYPT_REPLY]]);
    this._pending.hash = join(Uint8Array.of(metadata.AES_GCM), tag).subarray(0, HASH_LEN);
    return message;
  }

  /** What a message means: {kind, …} of the kinds above, or null where it is none of our business. One at a time. */
  async receive(bytes) {
    try {
      return await this._read(new Message(bytes));
    } catch (error) {
      if (!(error instanceof ProtobufError)) throw error;
      return null;
    }
  }

  _request(fields, behind = []) {
    const uuid = this._random(16);
    this._pending = { uuid, hash: null, heard: 0 };
    const route = [[TO, [[DOMAIN, VEHICLE_SECURITY]]], [FROM, [[ADDRESS, this._address]]]];
    return encode([...route, ...fields, [UUID, uuid], ...behind]);
  }

  async _read(message) {
    const to = message.message(TO);
    if (message.message(FROM).number(DOMAIN) !== VEHICLE_SECURITY) return null;
    if (!to.has(ADDRESS)) return isNews(message) ? { kind: NEWS } : null;
    const pending = this._pending;
    if (!pending || !same(to.bytes(ADDRESS), this._address)) return null;
    if (!same(message.bytes(REQUEST_UUID), pending.uuid)) return null;
    const status = message.message(STATUS);
    if (status.number(1) === ERROR || status.number(2)) return this._readFault(message, status.number(2));
    if (message.has(SESSION_INFO)) return this._adopt(message);
    if (!message.has(PAYLOAD)) return null;
    return pending.hash ? this._open(message) : { kind: ANSWER, payload: message.bytes(PAYLOAD) };
  }

  async _readFault(message, fault) {
    const adopted = message.has(SESSION_INFO) ? await this._adopt(message) : null;
    return { kind: FAULT, fault, repaired: adopted?.kind === SESSION && adopted.enrolled };
  }

  /** Takes over counter, epoch and clock, if it is the car that tells them. */
  async _adopt(message) {
    const bytes = message.bytes(SESSION_INFO);
    const info = new Message(bytes);
    const vehicleKey = info.bytes(2);
    if (!(await this._expected(vehicleKey))) return { kind: FORGED, why: "another car" };
    const shared = await this._agree(vehicleKey);
    const covered = metadata.ofSessionInfo({ vin: this.vin, challenge: this._pending.uuid });
    const tag = message.message(SIGNATURE).message(6).bytes(1);
    if (!shared || !(await shared.signedSessionInfo(covered, bytes, tag))) return { kind: FORGED, why: "session info" };
    Object.assign(this, { _shared: shared, vehicleKey });
    const enrolled = info.number(5) !== NOT_ENROLLED;
    if (enrolled) this._synchronise(info);
    return { kind: SESSION, enrolled };
  }

  async _expected(vehicleKey) {
    if (this.vehicleKey) return same(vehicleKey, this.vehicleKey);
    if (this.vehicleId && (await keyId(vehicleKey)) !== this.vehicleId) return false;
    return mayBeCalled(this.vin, vehicleKey);
  }

  async _agree(vehicleKey) {
    if (this._shared) return this._shared;
    try {
      return await SharedKey.agree(this._privateKey, vehicleKey);
    } catch (error) {
      if (error instanceof DOMException) return null; // no point of the curve
      throw error;
    }
  }

  _synchronise(info) {
    const epoch = info.bytes(3);
    const known = this._epoch !== null && same(epoch, this._epoch);
    this._counter = known ? Math.max(this._counter, info.number(1)) : info.number(1);
    this._epoch = epoch;
    this._clockS = info.number(4);
    this._clockMs = this._nowMs();
  }

  /** Each reply to a command has a greater counter than the one before, so none counts twice. */
  async _open(message) {
    const pending = this._pending;
    const proof = message.message(SIGNATURE).message(9);
    const counter = proof.number(2);
    const about = { vin: this.vin, domain: VEHICLE_SECURITY, counter, flags: message.number(FLAGS), fault: 0 };
    const covered = metadata.ofReply({ ...about, requestHash: pending.hash });
    const payload = await this._shared.open(proof.bytes(1), covered, message.bytes(PAYLOAD), proof.bytes(3));
    if (!payload) return { kind: FORGED, why: "reply" };
    if (counter <= pending.heard) return null;
    pending.heard = counter;
    return { kind: ANSWER, payload };
  }
}

function isNews(message) {
  return message.has(PAYLOAD) && message.message(PAYLOAD).has(1);
}
