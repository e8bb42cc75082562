// K, which phone and car share, and what is done with it. It lives in WebCrypto and never comes out again.
//
// Facts: vehicle-command.md §3.1 to §3.5. K is the first 16 bytes of SHA-1 over the X of ECDH on P-256; it seals
// commands and opens replies by AES-128-GCM, with the hash of the metadata as additional data; a key derived from it
// by HMAC signs session info. WebCrypto refuses points that do not lie on the curve and compares tags in constant
// time.

import { join, utf8 } from "./bytes.js";

const CURVE = { name: "ECDH", namedCurve: "P-256" };
const HMAC = { name: "HMAC", hash: "SHA-256" };
const K_LEN = 16, TAG_LEN = 16;

export class SharedKey {
  /** Agrees on K. publicKey: 65 bytes of the car. Raises DOMException where it is no point of the curve. */
  static async agree(privateKey, publicKey) {
    const peer = await crypto.subtle.importKey("raw", publicKey, CURVE, false, []);
    const x = new Uint8Array(await crypto.subtle.deriveBits({ name: "ECDH", public: peer }, privateKey, 256));
    const digest = new Uint8Array(await crypto.subtle.digest("SHA-1", x));
    const k = digest.subarray(0, K_LEN);
    try {
      return new SharedKey(await use(k, { name: "AES-GCM" }, "encrypt", "decrypt"), await sessionInfoKey(k));
    } finally {
      x.fill(0);
      digest.fill(0);
    }
  }

  constructor(sealing, sessionInfo) {
    this._sealing = sealing;
    this._sessionInfo = sessionInfo;
  }

  /** Encrypts; gives {ciphertext, tag}, the tag of 16 bytes. */
  async seal(nonce, metadata, plaintext) {
    const sealed = new Uint8Array(await crypto.subtle.encrypt(await gcm(nonce, metadata), this._sealing, plaintext));
    return { ciphertext: sealed.slice(0, -TAG_LEN), tag: sealed.slice(-TAG_LEN) };
  }

  /** The plaintext, or null where the tag does not belong to all of this. */
  async open(nonce, metadata, ciphertext, tag) {
    if (nonce.length !== 12 || tag.length !== TAG_LEN) return null;
    try {
      const sealed = join(ciphertext, tag);
      return new Uint8Array(await crypto.subtle.decrypt(await gcm(nonce, metadata), this._sealing, sealed));
    } catch (error) {
      if (error.name !== "OperationError") throw error;
      return null;
    }
  }

  /** Is it the car that says this? metadata: with the uuid of the request; info: as it was sent. */
  signedSessionInfo(metadata, info, tag) {
    return crypto.subtle.verify("HMAC", this._sessionInfo, tag, join(metadata, info));
  }
}

async function gcm(nonce, metadata) {
  const additionalData = await crypto.subtle.digest("SHA-256", metadata);
  return { name: "AES-GCM", iv: nonce, additionalData, tagLength: 128 };
}

async function sessionInfoKey(k) {
  const derived = new Uint8Array(await crypto.subtle.sign("HMAC", await use(k, HMAC, "sign"), utf8("session info")));
  try {
    return await use(derived, HMAC, "verify");
  } finally {
    derived.fill(0);
  }
}

const use = (bytes, algorithm, ...uses) => crypto.subtle.importKey("raw", bytes, algorithm, false, uses);
