// Which car: typed by a person, or from the address of the page (#vin=…&key=…).

import { readVin } from "./identity.js";

const byId = (id) => document.getElementById(id);

/** What the address says, and takes it out of there: {vin, vehicleId}, each "" where it says nothing of use. */
export function fromAddress() {
  const told = new URLSearchParams(location.hash.slice(1));
  if (location.hash) history.replaceState(null, "", location.pathname + location.search);
  const key = (told.get("key") ?? "").toLowerCase();
  return { vin: readVin(told.get("vin") ?? ""), vehicleId: /^[0-9a-f]{8}$/.test(key) ? key : "" };
}

/** Asks for a VIN; taken(vin) is called with it. mayCancel: there is a car to go back to. */
export function askForVin(taken, mayCancel, cancelled) {
  const form = byId("setup"), field = byId("vin"), wrong = byId("vin-wrong");
  form.hidden = false;
  byId("setup-cancel").hidden = !mayCancel;
  byId("setup-cancel").onclick = () => {
    form.hidden = true;
    cancelled();
  };
  form.onsubmit = (event) => {
    event.preventDefault();
    const vin = readVin(typed(field));
    field.setAttribute("aria-invalid", !vin);
    wrong.textContent = vin ? "" : `A VIN has 17 letters and digits; this has ${typed(field).length} characters.`;
    if (!vin) return field.focus();
    form.hidden = true;
    taken(vin);
  };
  field.focus();
}

const typed = (field) => field.value.replace(/\s/g, "");
