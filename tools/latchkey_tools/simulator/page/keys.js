// The keys that the controller knows, with a way to suspend, admit or revoke each, and to limit a guest.

import { order } from "./api.js";

const THE_YEAR_2000 = Date.UTC(2000, 0, 1);
const table = document.getElementById("keys");
let shown = "";

/** names: short id -> name in the wallet, or of a phone. */
export function showKeys(controller, names) {
  const keys = controller?.keys ?? [];
  const now = JSON.stringify([keys, names, controller?.registry, controller?.generation, controller?.vin]);
  if (now === shown) return;
  shown = now;
  const empty = document.getElementById("keys-empty");
  empty.hidden = keys.length > 0;
  empty.textContent = emptyText(controller);
  table.hidden = keys.length === 0;
  table.tBodies[0].replaceChildren(...keys.map((key) => row(key, names)));
  document.getElementById("phone-link").hash = controller?.vin ? `vin=${controller.vin}&key=${controller.vehicle_key}` : "";
  document.getElementById("generation").textContent = controller?.generation ? `generation ${controller.generation}` : "";
}

function emptyText(controller) {
  if (!controller) return "The controller is not running.";
  if (controller.registry === "unreadable") return "The list of keys cannot be read.";
  return controller.claimed ? "None." : "None: the controller is blank.";
}

function row(key, names) {
  const line = document.createElement("tr");
  line.dataset.state = key.state;
  const name = document.createElement("th");
  name.scope = "row";
  const id = document.createElement("code");
  id.textContent = key.id;
  const kind = document.createElement("small");
  kind.textContent = key.slot >= 0 ? `${key.kind}, slot ${key.slot}` : key.kind;
  name.append(names[key.id] ? `${names[key.id]} ` : "", id, kind);
  const whose = names[key.id] ?? key.id;
  const last = document.createElement("td");
  if (["guest", "driver"].includes(key.role) && key.state === "active") {
    if (key.window) last.append(button("Always", `Let ${whose} come at any time`, { guest: key.number, hours: 0 }));
    else last.append(button("1 hour", `Make ${whose} a guest for an hour`, { guest: key.number, hours: 1 }));
  }
  if (key.state === "active") last.append(button("Suspend", `Suspend ${whose}`, { suspend: key.number }));
  if (key.state === "suspended") last.append(button("Admit", `Admit ${whose}`, { admit: key.number }));
  if (key.state !== "revoked") last.append(button("Revoke", `Revoke ${whose}`, { revoke: key.number }));
  line.append(name, cell(key.window ? `${key.role}, ${until(key.window)}` : key.role), cell(key.state), last);
  return line;
}

/** window: [first minute, minute behind the last, flags], since 2000-01-01 UTC. */
function until([, end]) {
  return `until ${new Date(THE_YEAR_2000 + end * 60_000).toLocaleString([], { dateStyle: "short", timeStyle: "short" })}`;
}

function button(text, label, change) {
  const element = document.createElement("button");
  element.type = "button";
  element.className = "quiet";
  element.textContent = text;
  element.setAttribute("aria-label", label);
  element.addEventListener("click", () => order("keys", change));
  return element;
}

function cell(text) {
  const element = document.createElement("td");
  element.textContent = text;
  return element;
}
