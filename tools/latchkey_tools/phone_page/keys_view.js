// The list of the car's keys, and for owners a way to remove one.

import { HERE } from "./car.js";
import { confirmed } from "./confirm.js";
import { readKeys, remove } from "./key_list.js";
import { OWNER } from "./orders.js";
import { FORMS, ROLES } from "./words.js";

const byId = (id) => document.getElementById(id);
let car = null;
let reading = false;

/** Shows the list of this car while it is unfolded. */
export function startKeys() {
  byId("keys").addEventListener("toggle", read);
  byId("keys-again").addEventListener("click", read);
}

/** The car has changed: its list is to be seen while it is here and knows this phone. */
export function showKeys(changed) {
  if (car !== changed) byId("keys-list").replaceChildren();
  car = changed;
  byId("keys").hidden = car.place !== HERE || !car.paired;
}

async function read() {
  if (reading || !byId("keys").open || car?.place !== HERE) return;
  reading = true;
  say("Reading the list…");
  try {
    const keys = await readKeys(car, (done, all) => say(`Reading the list… ${done} of ${all}`));
    const owner = keys.some((key) => key.own && key.role === OWNER);
    byId("keys-list").replaceChildren(...keys.map((key) => row(key, owner)));
    say("");
    return keys;
  } catch (error) {
    car.report(error);
    say("The list could not be read.");
  } finally {
    reading = false;
  }
}

function row(key, owner) {
  const item = document.createElement("li");
  const name = document.createElement("div");
  const id = document.createElement("code");
  const about = document.createElement("small");
  id.textContent = key.id;
  about.textContent = [kindOf(key), roleOf(key), ...(key.own ? ["this phone"] : [])].join(" · ");
  name.append(id, about);
  item.append(name);
  if (owner && !key.own) item.append(removal(key));
  return item;
}

function removal(key) {
  const button = document.createElement("button");
  button.type = "button";
  button.className = "danger";
  button.textContent = "Remove…";
  button.setAttribute("aria-label", `Remove ${key.id}`);
  button.addEventListener("click", () => ask(key));
  return button;
}

async function ask(key) {
  const text =
    `${kindOf(key)} ${key.id}, ${roleOf(key)}, will not open this car any more. ` +
    "To come back it must be paired anew, with an owner card.";
  if (!(await confirmed({ title: "Remove this key?", text, yes: "Remove it", no: "Keep it" }))) return;
  try {
    await remove(car, key);
  } catch (error) {
    car.report(error);
  }
  const keys = await read();
  if (keys) say(keys.some((one) => one.id === key.id) ? `${key.id} is still in the list.` : `${key.id} was removed.`);
  byId("keys-again").focus();
}

const kindOf = ({ form }) => FORMS[form] ?? "Unknown device";
const roleOf = ({ role }) => ROLES[role] ?? `role ${role}`;
const say = (text) => (byId("keys-progress").textContent = text);
