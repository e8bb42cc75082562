// Puts the page together: the key of the last car out of the store, a car to go with it, presses in, states out.

import { Attention } from "./attention.js";
import { AWAY, Car } from "./car.js";
import { confirmed } from "./confirm.js";
import { localName } from "./identity.js";
import { Keystore, NoStorage } from "./keystore.js";
import { showKeys, startKeys } from "./keys_view.js";
import { LinkError } from "./link.js";
import { Pairing } from "./pairing.js";
import { keepPage, missing, NOTHING_KEPT } from "./platform.js";
import { askForVin, fromAddress } from "./setup.js";
import { showSettings } from "./settings_view.js";
import { canOrder, phaseOf, showCar, showCountdown, showElapsed } from "./view.js";

const byId = (id) => document.getElementById(id);
const TICK_MS = 250;
const platform = {
  bluetooth: navigator.bluetooth,
  random: (length) => crypto.getRandomValues(new Uint8Array(length)),
  nowMs: () => performance.now(),
};

let keystore = null;
let promised = false; // the browser will keep the key
let car = null;
let pairing = null;
let attention = null;
let name = ""; // of the car on the air
let phase = "";
let phaseMs = 0;
let taking = Promise.resolve(); // the car that is being taken, and those before it

start();

async function start() {
  const problem = missing();
  if (problem) return block(problem);
  keepPage().then((words) => (byId("settings-offline").textContent = words));
  wire();
  try {
    keystore = await Keystore.open();
    await choose(await keystore.lastVin());
  } catch (error) {
    if (!(error instanceof NoStorage)) throw error;
    block(NOTHING_KEPT);
  }
}

/** lastVin: of the car that was used last, or "". The address of the page may name another. */
async function choose(lastVin) {
  const { vin, vehicleId } = fromAddress();
  const other = vin && lastVin && vin !== lastVin;
  if (other && !(await another(vin, lastVin))) return use(lastVin, "");
  if (vin || lastVin) return use(vin || lastVin, vehicleId);
  document.body.dataset.phase = "setup";
  askForVin(begin, false);
}

function another(vin, lastVin) {
  const text = `This address names the car ${vin}. The key for ${lastVin} stays in this browser.`;
  return confirmed({ title: "Use another car?", text, yes: "Use it", no: `Stay with ${lastVin}` });
}

/** Becomes the key of this car. One after the other: the car that was named last is the one that stays. */
function use(vin, vehicleId) {
  taking = taking.catch(() => {}).then(() => take(vin, vehicleId));
  return taking;
}

async function take(vin, vehicleId) {
  attention?.end();
  car?.leave();
  const key = await keystore.take(vin, vehicleId);
  promised = await keystore.settle();
  name = await localName(vin);
  car = new Car(key, platform, changed, async (vehicleKey) => {
    await keystore.pin(key, vehicleKey);
    await showSettings(key, promised);
  });
  pairing = new Pairing(car, platform.nowMs, changed);
  attention = new Attention(car, platform.nowMs, () => pairing.stage !== "");
  byId("car-name").textContent = vin;
  await showSettings(key, promised);
  if (await car.link.recall(vin)) car.connect(true);
  changed();
  byId("car-name").hidden = byId("key").hidden = false;
}

/** The car, or the pairing with it, has changed. */
function changed() {
  attention.notice();
  const now = phaseOf(car, pairing);
  if (now !== phase) [phase, phaseMs] = [now, platform.nowMs()];
  showCar(car, pairing, { name, first: car.link.device === null, seeking: attention.seeking });
  showKeys(car);
  tick();
}

/** The round button: what it does is what it says. */
async function press() {
  if (phase === "away") return find();
  if (phase === "stranger") return pairing.begin();
  if (canOrder(phase)) return car.press(phase === "unlocked" ? "lock" : "unlock");
}

async function find() {
  attention.renew();
  try {
    if (!car.link.device) await car.link.choose(car.key.vin);
    await car.connect();
  } catch (error) {
    if (!(error instanceof LinkError)) throw error;
    car.report(error);
  }
}

async function forget() {
  const text =
    "It is deleted from this browser and cannot be brought back. The car goes on listing it until an owner removes it.";
  if (!(await confirmed({ title: "Forget this key?", text, yes: "Forget it", no: "Keep it" }))) return;
  attention.end();
  car.leave();
  await keystore.forget(car.key.vin);
  location.reload();
}

function otherCar() {
  byId("key").hidden = true;
  askForVin(begin, true, () => {
    byId("key").hidden = false;
    byId("press").focus();
  });
}

async function begin(vin) {
  await use(vin, "");
  byId("press").focus();
}

function wire() {
  byId("press").addEventListener("click", press);
  for (const button of document.querySelectorAll("[data-press]")) {
    button.addEventListener("click", () => canOrder(phase) && car.press(button.dataset.press));
  }
  byId("give-up").addEventListener("click", () => {
    pairing.giveUp();
    byId("press").focus();
  });
  byId("forget").addEventListener("click", forget);
  byId("other-car").addEventListener("click", otherCar);
  addEventListener("hashchange", () => location.hash && choose(car?.key.vin ?? ""));
  startKeys();
  setInterval(tick, TICK_MS);
}

/** What counts by itself. */
function tick() {
  if (!car || car.place === AWAY) return showElapsed("", 0, 0);
  showElapsed(phase, phaseMs, platform.nowMs());
  showCountdown(pairing);
}

function block({ title, why, advice }) {
  document.body.dataset.phase = "blocked";
  byId("blocked").hidden = false;
  byId("blocked-title").textContent = title;
  byId("blocked-why").textContent = why;
  byId("blocked-advice").textContent = advice;
  byId("where").open = true;
}
