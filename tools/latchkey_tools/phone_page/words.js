// What the car or the radio said, in words for a person: why, in one sentence, and what to do about it.
//
// Facts: vehicle-command.md §2.4, §2.5, and which verdict of the firmware reads as which number there
// (links/phone_orders.py). Several verdicts can share a number; then the sentence names them all.

import { CANCELLED, LOST, NO_RADIO, NOT_A_CAR, NOT_PERMITTED, OUT_OF_REACH } from "./link.js";
import { DECLINED, KEYS_CHANGED } from "./orders.js";
import { FAULT } from "./session.js";

export const say = (why, advice = "") => ({ why, advice });

const LINK = {
  [CANCELLED]: say(
    "No car was picked.",
    "If yours was not in the list, it is out of reach or its four links are taken: go closer and try again.",
  ),
  [NO_RADIO]: say("Bluetooth is switched off on this device, or it has none.", "Switch Bluetooth on and press again."),
  [NOT_PERMITTED]: say(
    "This page may not use Bluetooth.",
    "Allow it in the browser's site settings; on Android also let the browser see nearby devices.",
  ),
  [OUT_OF_REACH]: say("The car does not answer.", "Go closer, a few steps from the car, and press again."),
  [NOT_A_CAR]: say("Something else uses this car's name.", "Check the VIN under Settings."),
  [LOST]: say("The connection broke off.", "Go closer and press again."),
};

const FAULTS = {
  1: say("The car is busy: something is moving already.", "Wait a second and press again."),
  2: say("The car ran out of time.", "Press again."),
  3: say("This phone is not a key of the car.", "Pair it, or ask an owner whether it was removed."),
  4: say("This key is suspended, or outside its agreed time.", "Ask the car's owner. An owner card still opens."),
  5: say(
    "The car could not verify this phone's signature.",
    "Press again. If it stays so, forget this key and pair anew.",
  ),
  6: say(
    "The car has seen a newer message from this phone.",
    "Is the page open twice? Close the other one and press again.",
  ),
  7: say("This key's role does not allow that.", "Ask the car's owner for another role."),
  9: say("This car has nothing to do that with.", "It is not fitted, or not wired."),
  11: say("The car has an internal problem.", "Try again in a few seconds. A key card still works."),
  14: say("The car's list of keys is full.", "An owner must remove one first."),
  15: say("The car has just started anew.", "Press again."),
  17: say("The order came too late and was not carried out.", "Press again."),
  20: say("The clocks of phone and car disagree.", "Press again."),
  21: say("Remote control is switched off in the car.", "The owner can switch it on."),
};

const ERRORS = {
  2: say("Something is still open.", "Close the doors and press again."),
  3: say("The ignition is on.", "Switch it off first."),
  4: say(
    "The car declines for now.",
    "It does after a crash, with a hot lock motor and with a weak battery. Wait half a minute, or use a key card.",
  ),
  5: say("The car is moving, or cannot tell that it stands.", "Stop first."),
  6: say("Driving was revoked.", "An owner's or driver's card allows it again."),
  7: say("The car does not take that over Bluetooth."),
};

const KEY_CHANGES = {
  2: say("A key cannot remove itself.", "Another owner can remove it."),
  4: say("The car's list of keys is full.", "An owner must remove one first."),
  5: say(
    "The car takes no new key now.",
    "Open the enrolment first: hold the cabin button while an owner card lies on the reader.",
  ),
  6: say("The car does not accept this phone's public key.", "Forget this key and pair anew."),
  7: say("The car does not let this key remove others.", "Only owners can, and the last owner stays."),
  12: say("The car has no such key any more.", "Look at the list again."),
  13: say("This phone is a key of the car already."),
  24: say(
    "The car refused: another key showed itself meanwhile, or the owner said no.",
    "Open the enrolment again and let only one key near.",
  ),
  25: say(
    "Nobody tapped the owner card in time.",
    "Open the enrolment again and tap the card when the page asks for it.",
  ),
};

const unknown = (number) => say(
  `The car refused for a reason this page does not know (${number}).`,
  "A key card still works.",
);

/** Why a link failed; code: of LinkError. */
export const ofLink = (code) => LINK[code];

/** What a fault, DECLINED, FAILED or KEYS_CHANGED answer means. */
export function ofRefusal({ kind, fault, error, information }) {
  if (kind === FAULT) return FAULTS[fault] ?? unknown(fault);
  if (kind === DECLINED) return ERRORS[error] ?? unknown(error);
  if (kind === KEYS_CHANGED) return KEY_CHANGES[information] ?? unknown(information);
  return unknown(information);
}

/** forged: what was wrong with the answers that came, "" where none did. */
export function ofSilence(forged) {
  if (forged === "another car") {
    return say(
      "This is another car: its key is not the one this phone knows.",
      "Check the VIN. If the car was erased, forget this key and pair anew.",
    );
  }
  if (forged) return say(
    "What answered cannot prove that it is the car.",
    "Do not rely on it: look at the car, and use a key card.",
  );
  return say("The car did not answer in time.", "Go closer and press again.");
}

/** This page, or the car, has a mistake in it. */
export const ofMistake = (error) => say(
  `Something went wrong that should not: ${error.message || error.name}.`,
  "Reload the page. A key card still works.",
);

export const UNPAIRED = say(
  "This phone is no longer a key of this car.",
  "An owner removed it, or the car was erased. An owner can pair it again.",
);
export const PAIRED = say(
  "This phone is a key of the car now.",
  "Keep a key card within reach all the same: a phone can run out of power.",
);
export const MAYBE_DONE = say(
  "No answer came back; whether the car acted is not known.",
  "Look at the car before you press again.",
);
export const NOT_SEEN = say("The car took the order, but its bolt has not reported yet.", "Look at the car.");

export const DONE = {
  trunk: "The trunk is released.",
  frunk: "The frunk is released.",
  charge: "The charge port is released.",
  drive: "Driving is allowed.",
};
export const DOING = {
  unlock: "Unlocking",
  lock: "Locking",
  trunk: "Opening the trunk",
  frunk: "Opening the frunk",
  charge: "Opening the charge port",
  drive: "Allowing to drive",
};
export const ROLES = { 1: "service", 2: "owner", 3: "driver", 4: "cloud", 5: "monitor", 6: "charging", 8: "guest" };
export const FORMS = { 1: "Card", 6: "Phone", 7: "Phone", 9: "Program" };
