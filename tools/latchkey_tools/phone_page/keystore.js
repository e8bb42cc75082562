// What this browser keeps: for each car a key pair of its own, and which key the car has shown. Nothing else, nowhere
// else.
//
// The private key is made with extractable: false and kept as a CryptoKey in IndexedDB: no script can read it, this
// one included; whoever takes over this web address could still use it while the page is open, and whoever reads the
// browser's files may find it. A browser may throw away what a page keeps when it runs short of space, unless
// navigator.storage.persist() was granted.

const DATABASE = "latchkey-phone-key", CARS = "cars", LAST = "last";
const CURVE = { name: "ECDH", namedCurve: "P-256" };

/** This browser lets the page keep nothing. */
export class NoStorage extends Error {}

export class Keystore {
  /** Raises NoStorage. */
  static async open() {
    try {
      return new Keystore(await opened());
    } catch {
      throw new NoStorage();
    }
  }

  constructor(database) {
    this._database = database;
  }

  /**
   * The key for a car, made where there is none. vehicleId: 8 digits that the car's key must have, or "".
   * Gives {vin, privateKey, publicKey: 65 bytes, vehicleId, vehicleKey: 65 bytes or null}.
   */
  async take(vin, vehicleId) {
    const known = await this._do("readonly", CARS, (cars) => cars.get(vin));
    const key = known ?? { vin, ...(await newKeyPair()), vehicleId, vehicleKey: null };
    if (known && vehicleId && !known.vehicleKey) key.vehicleId = vehicleId;
    await this._keep(key);
    await this._do("readwrite", LAST, (last) => last.put(vin, LAST));
    return key;
  }

  /** The VIN of the car that was used last, or "". */
  async lastVin() {
    return (await this._do("readonly", LAST, (last) => last.get(LAST))) ?? "";
  }

  /** From now on this car must have this key of 65 bytes. */
  async pin(key, vehicleKey) {
    key.vehicleKey = vehicleKey;
    await this._keep(key);
  }

  /** The key is gone for good; the car does not know. */
  async forget(vin) {
    await this._do("readwrite", CARS, (cars) => cars.delete(vin));
    await this._do("readwrite", LAST, (last) => last.delete(LAST));
  }

  /** Will the browser keep it, whatever else it stores? Asks for that. */
  async settle() {
    try {
      return (await navigator.storage.persisted()) || (await navigator.storage.persist());
    } catch {
      return false;
    }
  }

  _keep(key) {
    return this._do("readwrite", CARS, (cars) => cars.put(key));
  }

  /** One request in a transaction; done when the transaction is, so that it stands on the disk. Raises NoStorage. */
  async _do(mode, store, ask) {
    try {
      const transaction = this._database.transaction(store, mode, { durability: "strict" });
      const asked = ask(transaction.objectStore(store));
      await new Promise((resolve, reject) => {
        transaction.oncomplete = resolve;
        transaction.onabort = reject;
      });
      return asked.result;
    } catch {
      throw new NoStorage();
    }
  }
}

async function newKeyPair() {
  const { privateKey, publicKey } = await crypto.subtle.generateKey(CURVE, false, ["deriveBits"]);
  return { privateKey, publicKey: new Uint8Array(await crypto.subtle.exportKey("raw", publicKey)) };
}

function opened() {
  const asked = indexedDB.open(DATABASE, 1);
  asked.onupgradeneeded = () => {
    asked.result.createObjectStore(CARS, { keyPath: "vin" });
    asked.result.createObjectStore(LAST);
  };
  return new Promise((resolve, reject) => {
    asked.onsuccess = () => resolve(asked.result);
    asked.onerror = asked.onblocked = () => reject(new NoStorage());
  });
}
