// The upper half of the page: in which state the key is, what a press will do, what was refused.
//
// Each state has a word, a sentence, the shape of the ring and a sign; the colour only repeats them. The sentence is a
// live region, so a screen reader says each change once; what counts by itself stands outside of it.

import { AWAY, CONNECTING } from "./car.js";
import { ASKING, CHECKING } from "./pairing.js";
import { DOING } from "./words.js";

const byId = (id) => document.getElementById(id);
const ELAPSED_AFTER_MS = 1_000;
const OPEN_WORDS = { door: "A door", trunk: "The trunk", frunk: "The frunk", "charge port": "The charge port" };

// phase: [state, what a press does, sentence]
const FACES = {
  away: ["Not connected", "Connect", "Stand near the car. A press connects; it opens nothing."],
  connecting: ["Looking for the car", "Connecting", "Stay near the car."],
  stranger: ["Not a key yet", "Pair", "This phone is not a key of this car yet."],
  former: ["No longer a key", "Pair", "This phone was a key of this car."],
  locked: ["Locked", "Unlock", "A press unlocks."],
  unlocked: ["Unlocked", "Lock", "A press locks."],
  unknown: ["State unknown", "Unlock", "The car has not said how it stands. A press unlocks."],
};
const PAIRING = {
  [ASKING]: "The car was asked to take this phone as a key.",
  [CHECKING]: "Asking the car what became of it.",
  waiting: "Compare the short id below, then tap the owner card.",
};
const STILL = ["connecting", "busy", "pairing"]; // a press would do nothing now

/** In which state the key is. */
export function phaseOf(car, pairing) {
  if (car.place === AWAY) return "away";
  if (car.place === CONNECTING) return car.quiet ? "away" : "connecting";
  if (pairing.stage) return "pairing";
  if (!car.paired) return "stranger";
  return car.doing ? "busy" : car.lock;
}

/** Shows it all. first: the browser will ask which car, by name; seeking: it is looked for by itself. */
export function showCar(car, pairing, about) {
  const phase = phaseOf(car, pairing);
  const [state, label, sentence] = faceOf(phase, car, pairing, about);
  if (document.body.dataset.phase !== phase) document.body.dataset.phase = phase;
  put("state", state);
  put("press-label", label);
  put("about", sentence);
  byId("press").setAttribute("aria-disabled", STILL.includes(phase));
  byId("orders").hidden = !car.paired;
  const off = !canOrder(phase);
  document.querySelectorAll("[data-press]").forEach((button) => button.setAttribute("aria-disabled", off));
  showPairing(phase, pairing);
  showNotice(car.notice);
}

/** May an order be given now? */
export const canOrder = (phase) => ["locked", "unlocked", "unknown"].includes(phase);

/** How long it has taken so far, once that is more than a second. */
export function showElapsed(phase, sinceMs, nowMs) {
  const long = STILL.includes(phase) && byId("countdown").hidden && nowMs - sinceMs > ELAPSED_AFTER_MS;
  put("elapsed", long ? `${Math.floor((nowMs - sinceMs) / 1000)} s` : "");
}

/** The seconds that are left to tap the owner card. */
export function showCountdown(pairing) {
  byId("countdown").hidden = !pairing.leftS;
  if (!pairing.leftS) return;
  Object.assign(byId("countdown-bar"), { max: pairing.allS, value: pairing.leftS });
  put("countdown-left", `${pairing.leftS} s`);
}

function faceOf(phase, car, pairing, about) {
  if (phase === "busy") return [`${DOING[car.doing]}…`, DOING[car.doing], `${DOING[car.doing]}.`];
  if (phase === "pairing") return ["Pairing", "Waiting", PAIRING[pairing.stage]];
  if (phase === "away") return awayFace(car, about);
  const [state, label, sentence] = FACES[phase === "stranger" && car.key.vehicleKey ? "former" : phase];
  const open = car.open.map((part) => `${OPEN_WORDS[part]} is open. `).join("");
  return [state, label, canOrder(phase) ? open + sentence + cloudWords(car.awayS) : sentence];
}

/** For whoever has heard of an outage and wonders; seconds, -1 where the cloud is not away. */
function cloudWords(awayS) {
  if (!(awayS >= 0)) return "";
  const hours = Math.floor(awayS / 3600);
  const time = awayS < 60 ? "less than a minute" : hours ? `${hours} h` : `${Math.floor(awayS / 60)} min`;
  return ` Cloud away for ${time}: your card and this phone work.`;
}

function awayFace(car, { name, first, seeking }) {
  const [state, label, sentence] = FACES.away;
  if (first) return [state, "Find the car", `${sentence} Your browser will ask which one: pick ${name}.`];
  if (!car.missed && !car.quiet) return [state, label, sentence];
  const next = seeking ? "This page goes on looking for it; a press looks at once." : "A press looks for it.";
  return [car.missed ? "Out of reach" : "Looking for the car", label, `Go closer to the car. ${next}`];
}

function showPairing(phase, pairing) {
  byId("pairing").hidden = phase !== "stranger" && phase !== "pairing";
  byId("give-up").hidden = !pairing.stage;
  showCountdown(pairing);
}

function showNotice(notice) {
  const box = byId("notice");
  box.hidden = !notice;
  if (!notice) return;
  box.dataset.tone = notice.tone;
  put("notice-why", notice.why);
  put("notice-advice", notice.advice);
}

/** Only what has changed is touched: a live region would be read again. */
function put(id, text) {
  const element = byId(id);
  if (element.textContent !== text) element.textContent = text;
}
