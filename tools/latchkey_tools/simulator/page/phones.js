// The phones of the page: each has a screen, which says what is so, and buttons. What they show is what the phone knows,
// which may be less than what stands in the list of keys: nobody tells a phone that it was removed.

import { order } from "./api.js";

const list = document.getElementById("phones");
const announcer = document.getElementById("phones-announcer");
const DO = { unlock: "Unlock", lock: "Lock", drive: "Allow driving", pair: "Pair", trunk: "Trunk", frunk: "Frunk", charge_port: "Charge port" };
let shown = "";

/** here: {why, phones}; why: the reason why there are none. */
export function showPhones({ why, phones }) {
  const note = document.getElementById("phones-why");
  note.hidden = !why;
  if (note.textContent !== why) note.textContent = why;
  const names = phones.map((phone) => phone.name);
  if (names.join() !== shown) {
    shown = names.join();
    list.replaceChildren(...phones.map((phone) => handset(phone, names.find((name) => name !== phone.name))));
  }
  phones.forEach((phone, index) => update(list.children[index], phone));
}

function update(item, phone) {
  const busy = phone.doing !== "";
  item.dataset.state = phone.state;
  item.dataset.key = phone.is_key;
  item.querySelector(".away").checked = !phone.range;
  const screen = item.querySelector(".screen p");
  if (screen.dataset.text !== phone.text) {
    screen.dataset.text = phone.text;
    screen.replaceChildren(...withId(phone.text, phone.id));
    // Of what is under way only that is read out for which a person is waited.
    if (phone.state !== "working" && item.dataset.told) announcer.textContent = `${phone.name}: ${phone.text}`;
  }
  item.dataset.told = "yes";
  for (const button of item.querySelectorAll("button")) {
    const stops = button.dataset.do === "pair" && phone.doing === "pair";
    // Not disabled, or a press would take the keyboard's place on the page away with it.
    button.setAttribute("aria-disabled", busy && !stops);
    if (button.dataset.do === "pair") label(button, stops ? "Stop" : "Pair", phone.name);
  }
}

function handset(phone, other) {
  const item = document.createElement("li");
  item.dataset.name = phone.name;
  item.innerHTML = `<div class="phone-head"><h3></h3><code></code><label class="switch small"><input type="checkbox" class="away"><span class="track"></span>Out of range</label></div>
    <div class="screen"><p></p></div><div class="presses"></div>`;
  item.querySelector("h3").textContent = phone.name;
  item.querySelector("code").textContent = phone.id;
  item.querySelector(".away").setAttribute("aria-label", `Out of range: ${phone.name}`);
  item.querySelector(".away").addEventListener("change", (event) => order("phone", { name: phone.name, range: !event.target.checked }));
  const presses = item.querySelector(".presses");
  presses.append(...Object.entries(DO).map(([what, text]) => press(phone.name, what, text)));
  if (other) presses.append(press(phone.name, "remove", `Remove ${other}`, { which: other }));
  return item;
}

function press(name, what, text, rest = {}) {
  const button = document.createElement("button");
  button.type = "button";
  button.dataset.do = what;
  button.className = what === "remove" ? "quiet" : "";
  label(button, text, name);
  button.addEventListener("click", () => order("phone", { name, do: button.textContent === "Stop" ? "stop" : what, ...rest }));
  return button;
}

function label(button, text, name) {
  if (button.textContent === text) return;
  button.textContent = text;
  button.setAttribute("aria-label", `${text}: ${name}`);
}

/** The short id is what two people compare: it stands out. */
function withId(text, id) {
  const [before, after] = text.split(id);
  if (after === undefined) return [text];
  const code = document.createElement("code");
  code.textContent = id;
  return [before, code, after];
}
