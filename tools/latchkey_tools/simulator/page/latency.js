// How long cards and phones wait for the motor: each tap and press as a mark, beside the band in which they lie while
// the cloud is well. Whoever switches the cloud off sees whether the marks leave the band.

import { order } from "./api.js";

const byId = (id) => document.getElementById(id);
const KINDS = { card: "Card, from its answer to the pulse", phone: "Phone, from the press to the pulse" };
const ROWS = { card: "Card", phone: "Phone", "phone, connecting": "Phone that connects first" };
const WIDTH = 320;
const HEIGHT = 100;
const TOP = 28; // room for the words above the marks
const LEAST_MS = 20; // nobody feels less, so what is less is not drawn as if it were much
const MOST = 30; // marks in a chart
const EVERY_MS = 3000; // the lock motor rests for 30 s after ten moves in 20 s
let drawn = "";
let tapping = 0;
let turn = 0;
let state = null;

export function start() {
  byId("tapping").addEventListener("click", () => {
    if (tapping) return stop();
    tapping = setInterval(once, EVERY_MS);
    byId("tapping").setAttribute("aria-pressed", "true");
    once();
  });
}

function stop() {
  clearInterval(tapping);
  tapping = 0;
  byId("tapping").setAttribute("aria-pressed", "false");
}

/** A card that is a key, and in turn with it a phone that is one and idle. */
function once() {
  const card = ownCard();
  if (!card) return stop();
  const phone = state.phones_here.phones.find((one) => one.is_key && one.range && !one.doing);
  turn += 1;
  if (phone && turn % 2 === 0) {
    order("phone", { name: phone.name, do: state.controller?.lock === "locked" ? "unlock" : "lock" });
  } else {
    order("card", { tap: card.name });
  }
}

function ownCard() {
  const active = new Set((state?.controller?.keys ?? []).filter((key) => key.state === "active").map((key) => key.id));
  return state?.cards.find((card) => card.id && active.has(card.id) && card.kind !== "slow");
}

export function showLatency(news) {
  state = news;
  const can = Boolean(ownCard());
  byId("tapping").setAttribute("aria-disabled", !can);
  const { samples, rows, count } = news.latency;
  const now = `${count}/${samples.length}`;
  if (now === drawn) return;
  drawn = now;
  for (const kind of Object.keys(KINDS)) chart(byId(`chart-${kind}`), kind, samples, rows);
  byId("latency-table").tBodies[0].replaceChildren(...rows.map(row));
  byId("latency-table").hidden = rows.length === 0;
  byId("latency-empty").hidden = rows.length > 0;
}

function row({ kind, cloud, n, p50, p99, max }) {
  const line = document.createElement("tr");
  line.dataset.cloud = cloud;
  const head = document.createElement("th");
  head.scope = "row";
  const mark = svg("svg", { viewBox: "-6 -6 12 12", class: "key" });
  mark.setAttribute("aria-hidden", "true");
  mark.append(shape(cloud === "ok", 0, 0));
  head.append(mark, `${ROWS[kind]}, cloud ${cloud === "ok" ? "well" : "broken"}`);
  line.append(head, ...[n, ms(p50), ms(p99), ms(max)].map(cell));
  return line;
}

const ms = (value) => (value < 10 ? value.toFixed(1) : String(Math.round(value)));

function cell(text) {
  const element = document.createElement("td");
  element.textContent = text;
  return element;
}

function chart(figure, kind, samples, rows) {
  const shown = samples.filter((one) => one.kind === kind).slice(-MOST);
  figure.hidden = shown.length === 0;
  if (!shown.length) return;
  const well = rows.find((one) => one.kind === kind && one.cloud === "ok");
  const most = Math.max(LEAST_MS, ...shown.map((one) => one.ms * 1.1));
  const x = (index) => 8 + ((WIDTH - 16) * (index + 0.5)) / MOST;
  const y = (value) => HEIGHT - 4 - ((HEIGHT - 4 - TOP) * value) / most;
  const picture = svg("svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: "img" });
  picture.setAttribute("aria-label", summary(kind, shown, rows));
  picture.append(...outages(shown, x));
  if (well) {
    picture.append(svg("rect", { class: "band", x: 0, width: WIDTH, y: y(well.p99), height: Math.max(2, y(0) - y(well.p99)) }));
    picture.append(text("band-label", WIDTH - 4, y(well.p99) - 3, `cloud well: 99 of 100 within ${ms(well.p99)} ms`));
  }
  picture.append(svg("line", { class: "ground", x1: 0, x2: WIDTH, y1: y(0), y2: y(0) }));
  picture.append(...shown.map((one, index) => shape(one.fault === "ok", x(index), y(one.ms))));
  figure.querySelector("svg")?.remove();
  figure.append(picture);
}

/** Runs of marks during which something was wrong with the cloud: a ground of their own, and the word for it. */
function outages(shown, x) {
  const parts = [];
  let runs = 0;
  shown.forEach((one, index) => {
    if (one.fault === "ok" || shown[index - 1]?.fault === one.fault) return;
    let last = index;
    while (shown[last + 1]?.fault === one.fault) last += 1;
    const half = (x(1) - x(0)) / 2;
    parts.push(svg("rect", { class: "outage", x: x(index) - half, width: x(last) - x(index) + 2 * half, y: 0, height: HEIGHT - 4 }));
    // In two lines by turns: a short run is narrower than its word.
    parts.push(text("outage-label", x(index) - half + 3, runs % 2 ? 22 : 11, one.fault));
    runs += 1;
  });
  return parts;
}

function shape(well, x, y) {
  if (well) return svg("circle", { class: "mark well", cx: x, cy: y, r: 3 });
  return svg("path", { class: "mark broken", d: `M${x} ${y - 4.5}l4.5 4.5l-4.5 4.5l-4.5 -4.5z` });
}

function summary(kind, shown, rows) {
  const said = rows.filter((one) => one.kind === kind).map((one) => `cloud ${one.cloud === "ok" ? "well" : "broken"}: half within ${ms(one.p50)} ms, longest ${ms(one.max)} ms of ${one.n}`);
  return `${KINDS[kind]}, the last ${shown.length}. ${said.join("; ")}.`;
}

function svg(tag, attributes) {
  const element = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  return element;
}

function text(name, x, y, words) {
  const element = svg("text", { class: name, x, y });
  element.textContent = words;
  return element;
}
