// The controls around the car and the ways to break it. What they show is what the simulator says, not what was clicked.

import { order } from "./api.js";

const byId = (id) => document.getElementById(id);
const WIRES = ["button", "bolt_locked", "bolt_unlocked", "door", "ignition", "crash", "speed", "supply"];
const UNITS = { speed: (value) => `${value} km/h`, supply: (value) => `${(value / 1000).toFixed(1)} V` };
let car = null;
const asked = new Set();

export function start() {
  for (const box of document.querySelectorAll("[data-car]")) {
    box.addEventListener("change", async () => {
      // Until the order is answered, states that were on their way must not turn the switch back.
      asked.add(box);
      await order("car", { [box.dataset.car]: box.checked });
      asked.delete(box);
      setTimeout(() => asked.has(box) || (box.checked = car[box.dataset.car]), 150);
    });
  }
  for (const range of document.querySelectorAll("[data-range]")) slider(range);
  for (const button of document.querySelectorAll("[data-hand]")) {
    button.addEventListener("click", () => order("car", { hand: button.dataset.hand }));
  }
  for (const button of document.querySelectorAll("[data-close]")) {
    button.addEventListener("click", () => order("car", { close: button.dataset.close }));
  }
  byId("drive-off").addEventListener("click", driveOff);
  byId("park").addEventListener("click", () => order("car", { speed: 0, ignition: false }));
  byId("wires").append(...WIRES.map(wire));
  startFaults();
}

/** Without authorisation the starter stays dead, and a car that does not start does not drive. */
async function driveOff() {
  const state = await order("car", { doors: false, ignition: true });
  if (state?.car.engine) order("car", { speed: 50 });
}

function slider(range) {
  let wanted = null; // the newest value that has not been sent
  let sending = false;
  range.addEventListener("input", async () => {
    wanted = Number(range.value);
    asked.add(range);
    label(range);
    if (sending) return;
    sending = true;
    while (wanted !== null) {
      const value = wanted;
      wanted = null;
      await order("car", { [range.dataset.range]: value });
    }
    sending = false;
    asked.delete(range);
  });
}

function label(range) {
  const text = UNITS[range.dataset.range](Number(range.value));
  range.parentElement.querySelector("output").textContent = text;
  range.setAttribute("aria-valuetext", text);
}

function wire(name) {
  const item = document.createElement("li");
  item.innerHTML = `<label class="switch small"><input type="checkbox" checked><span class="track"></span><span></span></label>`;
  const box = item.querySelector("input");
  box.dataset.wire = name;
  item.querySelector("span:last-child").textContent = name.replace("_", " ");
  box.addEventListener("change", () => order("car", { unplug: { [name]: !box.checked } }));
  return item;
}

function startFaults() {
  byId("reader-fault").addEventListener("change", (event) => order("faults", { reader: event.target.value }));
  byId("arm-cut").addEventListener("click", () =>
    order("faults", { power_cut: { write: Number(byId("cut-write").value), variant: byId("cut-variant").value } }),
  );
  byId("pull-plug").addEventListener("click", () => order("faults", { power: "off" }));
  const dialog = byId("erase-dialog");
  byId("erase").addEventListener("click", () => {
    dialog.returnValue = "keep";
    dialog.showModal();
  });
  dialog.addEventListener("close", () => {
    if (dialog.returnValue === "erase") order("reset", { confirm: "erase everything" });
  });
}

export function showWorld(state) {
  car = state.car;
  for (const box of document.querySelectorAll("[data-car]")) if (!asked.has(box)) box.checked = car[box.dataset.car];
  for (const range of document.querySelectorAll("[data-range]")) {
    if (asked.has(range)) continue;
    range.value = car[range.dataset.range];
    label(range);
  }
  for (const box of document.querySelectorAll("[data-wire]")) box.checked = !car.unplugged.includes(box.dataset.wire);
  // Not disabled, or closing a lid would take the keyboard's place on the page away with it.
  for (const button of document.querySelectorAll("[data-close]")) button.setAttribute("aria-disabled", car.latches[button.dataset.close] !== "open");
  const fault = byId("reader-fault");
  fault.value = state.reader.fault;
  fault.disabled = state.reader.kind !== "simulated";
  const cut = state.armed_cut;
  byId("armed").textContent = cut ? `Armed: the ${cut.write === 1 ? "next" : `${cut.write}th`} flash write is cut.` : "";
}
