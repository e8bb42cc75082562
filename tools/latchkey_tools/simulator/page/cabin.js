// The cabin button: down while mouse, finger, space bar or Enter hold it, or while "Keep it pressed" is on.

import { order } from "./api.js";

const button = document.getElementById("cabin-button");
const keep = document.getElementById("keep");
const time = document.getElementById("held-time");
const CLAIM_S = 5;
let held = false;
let since = 0;
let clock;

export function start() {
  button.addEventListener("pointerdown", (event) => {
    if (event.button !== 0) return;
    button.setPointerCapture(event.pointerId);
    press(true);
  });
  for (const kind of ["pointerup", "pointercancel", "lostpointercapture", "blur"]) button.addEventListener(kind, letGo);
  button.addEventListener("contextmenu", (event) => event.preventDefault());
  button.addEventListener("keydown", (event) => {
    if (event.key !== " " && event.key !== "Enter") return;
    event.preventDefault();
    if (!event.repeat) press(true);
  });
  button.addEventListener("keyup", (event) => {
    if (event.key === " " || event.key === "Enter") letGo();
  });
  // A screen reader sends a click without pointer or key: a short press.
  button.addEventListener("click", (event) => {
    if (event.detail !== 0 || held) return;
    press(true);
    setTimeout(letGo, 300);
  });
  keep.addEventListener("change", () => press(keep.checked));
  // Nobody holds a button of a page that cannot be seen.
  addEventListener("pagehide", () => held && order("car", { button: false }, { keepalive: true }));
}

function letGo() {
  if (held && !keep.checked) press(false);
}

function press(down) {
  if (down === held) return;
  held = down;
  order("car", { button: down });
}

/** Shows the button as the simulator has it, whoever pressed it. */
export function showCabin(car) {
  const down = car.button;
  if (button.getAttribute("aria-pressed") === String(down)) return;
  button.setAttribute("aria-pressed", String(down));
  if (!down && keep.checked) keep.checked = false;
  if (!down) held = false;
  since = performance.now();
  clearInterval(clock);
  if (down) clock = setInterval(tick, 100);
  tick();
}

function tick() {
  const down = button.getAttribute("aria-pressed") === "true";
  const seconds = (performance.now() - since) / 1000;
  button.style.setProperty("--held", down ? Math.min(100, (100 * seconds) / CLAIM_S) : 0);
  time.textContent = down ? `${seconds.toFixed(1)} s` : "cabin button";
}
