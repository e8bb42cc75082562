// The cloud: whether it is there, what the controller makes of that, and a cloud key that asks through it.

import { order } from "./api.js";

const byId = (id) => document.getElementById(id);
const PRESSES = { enrol: "Enrol", unlock: "Unlock", lock: "Lock", status: "Ask" };
const WAYS = {
  ok: ["Works", "bytes pass"],
  "half-open": ["Half-open", "it stands, and nothing comes"],
  slow: ["Slow", "one byte a second"],
  flood: ["Flood", "2,000 messages a second for the car"],
  garbage: ["Garbage", "noise instead of TLS"],
  reset: ["Reset", "hung up at the first word"],
};
const SWITCHES = { remote: "remote", "remote-unlock": "remote_unlock" };
let asked = null; // the fault that was asked for, until the simulator says what is so
const flipped = {};
const PATIENCE_MS = 1500;
let told = "";

export function start() {
  byId("cloud-ways").append(...Object.entries(WAYS).map(([mode, words]) => way(mode, words)));
  byId("cloud-down").addEventListener("change", (event) => breakCloud(event.target.checked ? "down" : "ok"));
  byId("cloud-presses").append(...Object.entries(PRESSES).map(([what, text]) => press(what, text)));
  for (const [id, name] of Object.entries(SWITCHES)) {
    byId(id).addEventListener("change", (event) => flip(name, event.target.checked));
  }
}

/** The controller writes it to flash before it says so: until then the switch shows what was asked for. */
async function flip(field, on) {
  flipped[field] = on;
  const state = await order("cloud", { [field]: on });
  setTimeout(() => delete flipped[field], state ? PATIENCE_MS : 0);
}

async function breakCloud(mode) {
  asked = mode;
  const state = await order("faults", { cloud: mode });
  asked = null;
  showFault(state?.cloud_here.fault ?? "ok");
}

function way(mode, [text, what]) {
  const label = document.createElement("label");
  label.className = "way";
  const radio = document.createElement("input");
  radio.type = "radio";
  radio.name = "cloud-way";
  radio.value = mode;
  radio.addEventListener("change", () => breakCloud(mode));
  const small = document.createElement("small");
  small.textContent = what;
  const name = document.createElement("b");
  name.textContent = text;
  label.append(radio, name, small);
  return label;
}

function press(what, text) {
  const button = document.createElement("button");
  button.type = "button";
  button.dataset.do = what;
  button.addEventListener("click", () => order("cloud", { do: button.textContent === "Stop" ? "stop" : what }));
  name(button, text);
  return button;
}

function name(button, text) {
  if (button.textContent === text) return;
  button.textContent = text;
  button.setAttribute("aria-label", `${text}: cloud key`);
}

/** here: the simulator's part. controller: its last status, or null. age: seconds since that. */
export function showCloud(here, controller, age) {
  put("cloud-broker", here.address ? `${here.broker} at ${here.address}` : "");
  show("cloud-why", here.why);
  byId("cloud-break").disabled = !here.can_break;
  showFault(asked ?? here.fault);
  showSays(controller, age);
  showKey(here);
  const link = controller?.cloud;
  for (const [id, field] of Object.entries(SWITCHES)) {
    byId(id).disabled = !link;
    byId(id).checked = flipped[field] ?? Boolean(link?.[field]);
  }
  put("cloud-commands", here.commands.join("\n"));
  byId("cloud-shell").hidden = here.commands.length === 0;
}

function showFault(fault) {
  byId("cloud-down").checked = fault === "down";
  for (const radio of document.querySelectorAll("[name=cloud-way]")) radio.checked = radio.value === fault;
}

/** What the controller says. The seconds go on by themselves; read out is only what changes. */
function showSays(controller, age) {
  const [tone, before, seconds, after] = says(controller);
  const box = byId("cloud-says");
  box.dataset.tone = tone;
  put("cloud-says-text", `${before}${seconds === null ? "" : ` ${clock(seconds + age)}`}${after}`);
  const link = controller?.cloud;
  put("cloud-counts", link?.received >= 0 ? `${plan(controller, age)}received ${link.received} · sent ${link.sent} · kept to itself ${link.shed}` : "");
  const said = `${before}${after}`;
  if (said === told) return;
  if (told) byId("cloud-announcer").textContent = said;
  told = said;
}

/** What it does about it: a connection is not begun while somebody is at the car. */
function plan({ cloud, phones }, age) {
  if (cloud.wait_s) return `tries again in ${Math.max(0, Math.ceil(cloud.wait_s - age))} s · `;
  if (cloud.state !== "waiting") return "";
  return phones ? "waits until the phone has gone · " : "about to try again · ";
}

/** [tone, words, seconds or null, words] */
export function says(controller) {
  const link = controller?.cloud;
  if (!controller) return ["wait", "The controller is not running.", null, ""];
  if (!link || link.state === "off") return ["plain", "No broker is set: the controller lives without a cloud.", null, ""];
  const why = link.why ? ` (${link.why})` : "";
  if (link.state === "stopped") return ["bad", `The cloud link has stopped${why}. Your card and phone work.`, null, ""];
  if (link.state === "connected") return ["good", "Connected for", link.since_s, "."];
  return ["bad", "Cloud away for", link.since_s, `${why}: your card and phone work.`];
}

/** For the chip at the top. */
export function chipOf(controller) {
  const state = controller?.cloud?.state ?? "off";
  return { off: ["none", "plain"], connected: ["connected", "good"], stopped: ["stopped", "bad"] }[state] ?? ["away", "wait"];
}

function showKey(here) {
  const key = here.key;
  const box = byId("cloud-key");
  show("cloud-no-key", key || here.why ? "" : here.why_no_key);
  box.hidden = !key;
  if (!key) return;
  box.dataset.state = key.state;
  box.dataset.key = key.is_key;
  put("cloud-id", key.id);
  const text = byId("cloud-key-text");
  if (text.textContent !== key.text) {
    text.textContent = key.text;
    if (key.state !== "working") byId("cloud-announcer").textContent = `Cloud key: ${key.text}`;
  }
  for (const button of byId("cloud-presses").children) {
    const stops = button.dataset.do === "enrol" && key.doing !== "";
    button.setAttribute("aria-disabled", key.doing !== "" && !stops);
    if (button.dataset.do === "enrol") name(button, stops ? "Stop" : PRESSES.enrol);
  }
}

function clock(seconds) {
  const whole = Math.floor(seconds);
  return whole < 120 ? `${whole} s` : `${Math.floor(whole / 60)} min`;
}

function put(id, text) {
  const element = byId(id);
  if (element.textContent !== text) element.textContent = text;
}

function show(id, text) {
  byId(id).hidden = !text;
  put(id, text);
}
