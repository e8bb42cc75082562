// What this phone keeps about the car, in words.

import { keyId, localName } from "./identity.js";
import { kept } from "./platform.js";

const byId = (id) => document.getElementById(id);

/** key: as the keystore gives it. */
export async function showSettings(key, promised) {
  byId("settings").hidden = false;
  byId("settings-vin").textContent = key.vin;
  byId("settings-name").textContent = await localName(key.vin);
  const own = await keyId(key.publicKey);
  byId("settings-own").textContent = own;
  byId("own-id").textContent = own;
  byId("settings-car").textContent = await carWords(key);
  byId("settings-kept").textContent = kept(promised);
}

async function carWords({ vehicleKey, vehicleId }) {
  if (vehicleKey) return `${await keyId(vehicleKey)}, and no other will do`;
  return vehicleId ? `must be ${vehicleId}` : "not met yet";
}
