// The keys of the car, as it lists them to one of them: phones and programs. Cards are not in this list.
//
// Facts: vehicle-command.md §2.3; a list of slots first, then one question for each.

import { same } from "./bytes.js";
import { keyId } from "./identity.js";
import { KEY, KEY_LIST, keyEntry, KEYS, KEYS_CHANGED, removeKey } from "./orders.js";

/** Gives {publicKey, id, slot, role, form, own} of each. told(done, all) on the way. Raises what Car.command() does. */
export async function readKeys(car, told) {
  const list = await car.command(KEY_LIST);
  const slots = list.kind === KEYS ? list.slots : [];
  const keys = [];
  for (const slot of slots) {
    told(keys.length, slots.length);
    const entry = await car.command(keyEntry(slot)).catch(unlessGone);
    if (entry?.kind !== KEY) continue;
    const { publicKey } = entry;
    keys.push({ ...entry, id: await keyId(publicKey), own: same(publicKey, car.key.publicKey) });
  }
  return keys;
}

/** Takes a key off the list; only owners may. Raises what Car.command() does. */
export const remove = (car, key) => car.command(removeKey(key.publicKey));

/** A key that was removed between the two questions. */
function unlessGone(error) {
  if (error.kind !== KEYS_CHANGED) throw error;
}
