"""What a refusal means for the person who holds the phone, and what to do about it: one sentence for each.

FAULTS, DECLINED, KEY_LIST and SIGNATURE are keyed by the numbers of the published protocol (signed_message_fault,
nominalError, whitelistOperationInformation, signedMessageInformation); which verdict of the controller becomes which of
them, firmware/latchkey/links/phone_orders.py says. Several verdicts may share a number: then the sentence names all of
them, and the controller's page or console says which it was.
"""

FAULTS = {
    1: "The vehicle is busy with another movement: try again in a few seconds.",
    2: "The vehicle ran out of time: try again.",
    3: "The vehicle does not know this phone: make it a key with `latchkey phone pair`.",
    4: "This phone's key is suspended, revoked or outside the time agreed, or the vehicle has lost its newest list of "
    "keys: ask an owner; an owner's card tells which it is.",
    5: "The vehicle does not accept this phone's signature, even after both have synchronised: let an owner remove "
    "this key, then pair anew.",
    6: "The vehicle has heard newer messages of this key each time: end other programs or computers that use the same "
    "key file, then try again.",
    7: "This key's role does not allow that: let an owner do it.",
    8: "The vehicle has no such part to talk to: this program and the controller do not fit together, update both.",
    9: "This vehicle cannot do that: its board has no such output.",
    10: "The vehicle could not read the message: this program and the controller do not fit together, update both.",
    11: "The vehicle has an inner fault, or is only just starting: try again in ten seconds, and use a card meanwhile.",
    12: "The message was for another vehicle: check what `--vin` says.",
    13: "The vehicle takes a value in the message for wrong: this program and the controller do not fit together, "
    "update both.",
    14: "The vehicle has no room for another key: remove one with `latchkey phone remove` first.",
    15: "The vehicle starts anew again and again: check its supply, and use a card meanwhile.",
    16: "The vehicle could not read the signature: this program and the controller do not fit together, update both.",
    17: "The message was too old each time it arrived: go closer to the vehicle and try again.",
    18: "The vehicle has no identity yet: wait until its controller has made one, half a minute after its first start.",
    19: "The vehicle could not check the message: try again, and use a card meanwhile.",
    20: "The vehicle's clock and this phone's differ after each synchronisation: try again.",
    21: "The vehicle takes no remote orders while it may be moving, or its owner has switched them off: use a card.",
    22: "The vehicle lets no service key in: use an owner's or a driver's.",
    23: "The vehicle wants an account for that, which this phone does not have: use a card.",
    24: "The message was too long for the vehicle: this program and the controller do not fit together, update both.",
    25: "The vehicle's answer was too long to be sent and the order may have been carried out: look with "
    "`latchkey phone status`.",
    26: "The vehicle has heard this message before: try again.",
    27: "The vehicle knows no handle for this key: this program and the controller do not fit together, update both.",
    28: "The vehicle answers only encrypted, which was asked for: this program and the controller do not fit together, "
    "update both.",
}

DECLINED = {
    1: "The vehicle will not, and does not say why: look at the controller's page or console.",
    2: "A door is open: close it and try again.",
    3: "The ignition is on: switch it off and try again.",
    4: "Not now: someone at the car just did the opposite, the lock motor rests, the supply is below 9 V, or there was "
    "a crash; wait half a minute and try again, or use a card.",
    5: "The vehicle is moving, or cannot tell that it stands: stop, switch the ignition off and try again.",
    6: "Driving was revoked for this vehicle: an owner's or a driver's card at the reader permits it again.",
    7: "The vehicle does not take this order over Bluetooth: use a card.",
}

KEY_LIST = {
    1: "The vehicle could not change its list of keys just now, nothing was changed: try again.",
    2: "A key cannot remove itself: use another owner's phone or the controller's console.",
    3: "The vehicle has no room for another key fob: remove one first.",
    4: "The vehicle has no room for another key: remove one with `latchkey phone remove` first.",
    5: "The vehicle takes no new key now: open enrolment at the car, cabin button held while an owner's card lies on "
    "the reader, then try again within a minute.",
    6: "The vehicle takes this phone's public key for none: delete the key file and pair anew.",
    7: "This key may not remove that one: an owner's phone may remove any but the last owner.",
    8: "The vehicle does not change keys in place: remove the key and pair it anew.",
    9: "This key may not give a role above its own: let an owner do it.",
    10: "This key may not take a role from one above it: let an owner do it.",
    11: "A key cannot take permissions from itself: let another owner do it.",
    12: "The vehicle has no such key: `latchkey phone keys` lists them.",
    13: "The vehicle has this key already: nothing is to be done.",
    14: "The vehicle adds a key only while a card lies on the reader: put it there and try again.",
    15: "Keys of a fleet cannot be changed now: let an owner do it.",
    16: "A fleet cannot add lasting keys: let an owner do it.",
    17: "A fleet cannot remove lasting keys: let an owner do it.",
    18: "The vehicle's storage is full, nothing was changed: remove a key first.",
    19: "The vehicle was not told a role: name one with `--role`.",
    20: "The vehicle enrols no service keys: name another role with `--role`.",
    21: "Only service may add a service key: name another role with `--role`.",
    22: "Service may add keys only in service mode: let an owner do it.",
    23: "The vehicle could not ask for a card: try again, and look at its reader if this lasts.",
    24: "Enrolment was broken off, because a second key showed itself or someone refused: open it again with one phone "
    "at a time.",
    25: "Nobody laid the owner's card on the reader in time: open enrolment again and try once more.",
    26: "Nobody confirmed at the vehicle in time: open enrolment again and try once more.",
    27: "The vehicle is lent out and takes no new keys: let an owner take it back first.",
    28: "Enrolment was ended at the vehicle: open it again and try once more.",
}

SIGNATURE = {
    1: "The vehicle did not accept the message, and does not say why: try again.",
    2: "The vehicle does not know this phone: make it a key with `latchkey phone pair`.",
    3: "The vehicle has heard newer messages of this key: try again.",
    4: "The vehicle holds the message for an old one: try again.",
    5: "The vehicle holds the message for an old one of another session: try again.",
    6: "The vehicle does not accept this phone's signature: pair anew.",
    7: "The vehicle could not read the signature: update this program and the controller.",
    8: "The vehicle does not accept the signature: update this program and the controller.",
    9: "The vehicle could not ask anyone at the car: try again.",
    10: "Nobody at the car agreed: try again.",
    11: "The vehicle could not read its list of keys: use an owner's card.",
    12: "The vehicle has no session for this phone: try again.",
    13: "The vehicle found the signature too short: update this program and the controller.",
    14: "The vehicle found the session's mark too short: update this program and the controller.",
    15: "The vehicle has started anew meanwhile: try again.",
    16: "The vehicle found a value of the signature too short: update this program and the controller.",
    17: "The message arrived too late: go closer to the vehicle and try again.",
    18: "The vehicle has no identity yet: wait until its controller has made one.",
    19: "The vehicle could not check the message: try again, and use a card meanwhile.",
}

ROLES = {
    0: "none",
    1: "service",
    2: "owner",
    3: "driver",
    4: "fleet manager",
    5: "vehicle monitor",
    6: "charging manager",
    8: "guest",
}

FORMS = {
    0: "unknown",
    1: "keycard",
    2: "key fob",
    3: "Bluetooth device",
    4: "NFC device",
    5: "Bluetooth and NFC device",
    6: "iPhone",
    7: "Android phone",
    8: "key fob",
    9: "cloud key",
    10: "key fob",
    11: "key fob",
    12: "key fob",
    13: "key fob",
    14: "keycard",
    15: "keycard",
    16: "keycard",
    17: "watch",
}

LOCKS = {0: "unlocked", 1: "locked", 2: "locked from inside", 3: "partly unlocked"}
SLEEPS = {0: "unknown", 1: "awake", 2: "asleep"}
PRESENCES = {0: "unknown", 1: "nobody inside", 2: "somebody inside"}

# field of closureStatuses -> what people call it
CLOSURES = {
    "frontDriverDoor": "driver's door",
    "frontPassengerDoor": "passenger's door",
    "rearDriverDoor": "rear door, driver's side",
    "rearPassengerDoor": "rear door, passenger's side",
    "rearTrunk": "trunk",
    "frontTrunk": "frunk",
    "chargePort": "charge port",
}
CLOSURE_STATES = {
    0: "closed",
    1: "open",
    2: "ajar",
    3: "unknown",
    4: "failed to open",
    5: "opening",
    6: "closing",
}


def word(vocabulary: dict[int, str], number: int) -> str:
    """The word for a number; "unknown" and the number where there is none."""
    return vocabulary.get(number) or f"unknown ({number})"
