// Puts the page together: events in, parts brought up to date, controls out.

import { connect, order } from "./api.js";
import { showCabin, start as startCabin } from "./cabin.js";
import { chipOf, showCloud, start as startCloud } from "./cloud.js";
import { showFeed } from "./feed.js";
import { showKeys } from "./keys.js";
import { showLatency, start as startLatency } from "./latency.js";
import { addLog } from "./log.js";
import { showPhones } from "./phones.js";
import { clock, draw, showCar } from "./scene.js";
import { catchUp, setSound, signal } from "./signals.js";
import { showVehicle, start as startVehicle } from "./vehicle.js";
import { showWallet } from "./wallet.js";
import { showWorld, start as startWorld } from "./world.js";

const byId = (id) => document.getElementById(id);
const PROCESS = { running: "running", starting: "starting…", off: "power is off", crashed: "ended unexpectedly", stopped: "stopped" };
const READER = { ready: "ready", probing: "probing…", reinitialising: "starting it anew…", resetting: "resetting…", fault: "does not answer" };
const RADIO = { none: ["not fitted", "plain"], off: ["off", "wait"], advertising: ["advertising", "good"], full: ["full", "wait"], fault: ["fault", "bad"] };
const SILENCE_S = 4; // the firmware reports once a second at least
let state = null;
let names = {}; // short id -> name in the wallet, or of a phone
let received = 0;
let toastTimer;

draw(byId("scene"));
startCabin();
startWorld();
startVehicle();
startCloud();
startLatency();
byId("sound").addEventListener("change", (event) => setSound(event.target.checked));
connect({ state: take, signal, log: addLog, link, refused: toast });
setInterval(() => state && showTimes(), 500);

function take(news) {
  const first = state === null;
  state = news;
  received = performance.now();
  if (first) catchUp(news.car.outputs);
  const phones = news.phones_here.phones;
  names = Object.fromEntries([...news.cards.filter((card) => card.id).map((card) => [card.id, card.label]), ...phones.map((phone) => [phone.id, phone.name])]);
  if (news.cloud_here.key) names[news.cloud_here.key.id] = "Cloud key";
  showHint(news.hint, news.firmware.state);
  showTimes();
  showViolations(news.car);
  showWallet(news.cards, news.reader);
  showPhones(news.phones_here);
  showLatency(news);
  showCabin(news.car);
  showWorld(news);
  showKeys(news.controller, names);
  showVehicle(news.controller);
  showFeed(news.verdicts, names);
}

function link(up) {
  document.body.dataset.link = up;
  byId("main").inert = up !== "up";
  if (up === "up") return;
  showHint({ step: 0, of: 0, text: "The simulator does not answer. Start it with “make run”; this page finds it again by itself." }, "crashed");
}

/** What counts down by itself between two reports of the controller. */
function showTimes() {
  const age = state.controller_age_s + (performance.now() - received) / 1000;
  showChips(age);
  showCar(state.car, state.controller, age);
  showCloud(state.cloud_here, state.controller, age);
  const controller = state.controller;
  const open = controller && controller.enrolment !== "closed";
  const box = byId("enrolment");
  box.hidden = !open;
  if (!open) return;
  const left = !controller.enrolment_s ? "" : clock(controller.enrolment_s - age);
  const words = {
    claim: "Claim: show the first owner card.",
    "claim-second": "Claim: show the second owner card.",
    open: "Enrolment is open for one new key.",
    "claim-writing": "Writing the first owner…",
    "claim-second-writing": "Writing the second owner…",
    writing: "Writing the new key…",
    pinned: `Pinned: ${names[controller.pinned] ?? ""} ${controller.pinned}. The owner card confirms it.`,
  };
  const text = `${words[controller.enrolment] ?? `Enrolment: ${controller.enrolment}`}${left ? ` ${left} left.` : ""}`;
  if (box.textContent !== text) box.textContent = text;
}

function showChips(age) {
  const { firmware, controller, reader, flash } = state;
  const silent = firmware.state === "running" && age > SILENCE_S;
  const words = silent ? `silent for ${Math.floor(age)} s` : (PROCESS[firmware.state] ?? firmware.state);
  const tone = silent || firmware.state === "crashed" ? "bad" : firmware.state === "running" ? "good" : "wait";
  chip("firmware", `${words} · start ${firmware.starts}`, tone);
  const health = controller?.reader;
  const fault = reader.fault === "none" ? "" : " · fault on";
  chip("reader", `${READER[health] ?? "unknown"}${fault}`, health === "ready" ? "good" : health === "fault" ? "bad" : "wait");
  const [radio, radioTone] = RADIO[controller?.radio] ?? ["unknown", "wait"];
  chip("bluetooth", controller?.phones ? `${radio} · ${controller.phones} connected` : radio, radioTone);
  chip("cloud", ...chipOf(controller));
  chip("flash", flash ? `${flash.writes} writes` : "–", "plain");
}

function chip(name, text, tone) {
  const element = byId(`chip-${name}`);
  element.dataset.tone = tone;
  const value = element.querySelector("span");
  if (value.textContent !== text) value.textContent = text;
}

function showHint({ step, of, text }, process) {
  const dots = byId("steps");
  if (dots.childElementCount !== of) dots.replaceChildren(...Array.from({ length: of }, () => document.createElement("li")));
  [...dots.children].forEach((dot, index) => {
    dot.dataset.state = index + 1 < step || step === 0 ? "done" : index + 1 === step ? "now" : "later";
  });
  dots.hidden = step === 0;
  byId("hint").dataset.tone = process === "running" ? "calm" : process === "crashed" ? "bad" : "wait";
  if (byId("hint-text").textContent !== text) byId("hint-text").textContent = text;
}

function showViolations(car) {
  const box = byId("violations");
  box.hidden = car.violation_count === 0;
  if (box.hidden || box.dataset.count === String(car.violation_count)) return;
  box.dataset.count = car.violation_count;
  const more = car.violation_count > 1 ? ` (${car.violation_count} in all)` : "";
  box.textContent = `Electrical violation${more}: ${car.violations[0].text}`;
}

function toast(text) {
  const element = byId("toast");
  element.textContent = text;
  element.hidden = false;
  clearTimeout(toastTimer);
  toastTimer = setTimeout(() => (element.hidden = true), 5000);
}
