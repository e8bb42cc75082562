// The keys that the controller knows, with a way to revoke each.

import { order } from "./api.js";

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
  const revoke = document.createElement("button");
  revoke.type = "button";
  revoke.className = "quiet";
  revoke.textContent = "Revoke";
  revoke.setAttribute("aria-label", `Revoke ${names[key.id] ?? key.id}`);
  revoke.addEventListener("click", () => order("keys", { revoke: key.number }));
  const last = document.createElement("td");
  if (key.state !== "revoked") last.append(revoke);
  line.append(name, cell(key.role), cell(key.state), last);
  return line;
}

function cell(text) {
  const element = document.createElement("td");
  element.textContent = text;
  return element;
}
