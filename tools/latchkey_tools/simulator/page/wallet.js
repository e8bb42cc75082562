// The wallet and what lies on the reader. A click taps a card (the simulator's hand takes it away after the answer);
// dragging, or the small button below it, leaves it there until it is taken away.

import { order } from "./api.js";

const wallet = document.getElementById("wallet");
const pad = document.getElementById("pad");
const onPad = document.getElementById("on-pad");
let known = "";

const put = (name) => order("card", { put: [name] });
const takeAway = (name) => order("card", { take_away: [name] });

pad.addEventListener("dragover", (event) => {
  event.preventDefault();
  pad.classList.add("over");
});
pad.addEventListener("dragleave", () => pad.classList.remove("over"));
pad.addEventListener("drop", (event) => {
  event.preventDefault();
  pad.classList.remove("over");
  const name = event.dataTransfer.getData("text/plain");
  if (wallet.querySelector(`[data-name="${CSS.escape(name)}"]`)) put(name);
});

const more = document.getElementById("new-card");
more.addEventListener("change", () => {
  if (more.value) order("card", { make: more.value });
  more.value = "";
});

/** kind: of reader; without software cards the wallet says so. */
export function showWallet(cards, reader) {
  const names = JSON.stringify(cards.map((card) => [card.name, card.label, card.id]));
  if (names !== known) {
    known = names;
    wallet.replaceChildren(...cards.map(face));
  }
  document.getElementById("wallet-more").hidden = !cards.length;
  document.getElementById("wallet-how").textContent = cards.length
    ? "Click a card to tap it; drag it onto the reader to leave it there."
    : reader.kind === "serial"
      ? "A real PN532 is connected: tap real cards."
      : "The reader is simulated elsewhere: tap cards there.";
  for (const card of cards) {
    const item = wallet.querySelector(`[data-name="${CSS.escape(card.name)}"]`);
    item.classList.toggle("away", card.in_field);
    const leave = item.querySelector(".leave");
    leave.textContent = card.in_field ? "Take away" : "Leave on reader";
    leave.setAttribute("aria-label", `${leave.textContent}: ${card.label}`);
  }
  const lying = cards.filter((card) => card.in_field);
  const shown = JSON.stringify(lying.map((card) => card.name));
  if (onPad.dataset.shown !== shown) {
    onPad.dataset.shown = shown;
    onPad.replaceChildren(...lying.map(chip));
    pad.classList.toggle("busy", lying.length > 0);
  }
}

function face(card) {
  const item = document.createElement("li");
  item.dataset.name = card.name;
  item.dataset.kind = card.kind;
  item.dataset.look = card.name.replace(/[^a-z]+.*$/i, "").toLowerCase();
  const tap = document.createElement("button");
  tap.type = "button";
  tap.className = "face";
  tap.draggable = true;
  tap.setAttribute("aria-label", `Tap ${card.label}`);
  tap.append(span("label", card.label), span("about", card.about ?? ""), span("id", card.id));
  tap.addEventListener("click", () => order("card", { tap: card.name }));
  tap.addEventListener("dragstart", (event) => event.dataTransfer.setData("text/plain", card.name));
  const leave = document.createElement("button");
  leave.type = "button";
  leave.className = "leave quiet";
  leave.addEventListener("click", () => (item.classList.contains("away") ? takeAway : put)(card.name));
  item.append(tap, leave);
  return item;
}

function chip(card) {
  const item = document.createElement("li");
  const button = document.createElement("button");
  button.type = "button";
  button.textContent = card.label;
  button.setAttribute("aria-label", `${card.label} lies on the reader. Take it away`);
  button.addEventListener("click", () => takeAway(card.name));
  item.append(button);
  return item;
}

function span(name, text) {
  const element = document.createElement("span");
  element.className = name;
  element.textContent = text;
  return element;
}
