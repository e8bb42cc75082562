// The controller's light and buzzer: now, and over the last eight seconds, so that a short beep is not missed.
// Each colour has a shape and a word of its own: red and green look alike to one man in twelve.

const SPAN_MS = 8000;
const LAMPS = ["light_red", "light_green", "light_blue"];
const COLOURS = ["off", "red", "green", "yellow", "blue", "magenta", "cyan", "white"];
const SHAPES = {
  off: "M12 4a8 8 0 1 0 0 16a8 8 0 0 0 0-16z",
  green: "M12 3a9 9 0 1 0 0 18a9 9 0 0 0 0-18z",
  red: "M8 3h8l5 5v8l-5 5H8l-5-5V8z",
  blue: "M12 3l9 9-9 9-9-9z",
  yellow: "M12 3l10 18H2z",
  magenta: "M4 4h16v16H4z",
  cyan: "M2 4h20L12 21z",
  white: "M12 2l3 7 7 .6-5.4 4.7L18.5 22 12 18l-6.5 4 1.9-7.7L2 9.6 9 9z",
};

const levels = { light_red: 0, light_green: 0, light_blue: 0, buzzer: 0 };
const changes = [{ at: -Infinity, colour: "off", buzz: 0 }];
const calm = matchMedia("(prefers-reduced-motion: reduce)");
let audio, gain;
let painting = false;

/** One output changed. */
export function signal({ name, level }) {
  if (!(name in levels) || levels[name] === level) return;
  levels[name] = level;
  note();
}

/** Takes over the levels of a whole state, for a page that has just been opened. */
export function catchUp(outputs) {
  for (const name in levels) levels[name] = outputs[name] ?? 0;
  show("off");
  note();
}

/** Sound is off until asked for: browsers allow none before a click anyway. */
export function setSound(on) {
  if (on && !audio) {
    audio = new AudioContext();
    gain = new GainNode(audio, { gain: 0 });
    const tone = new OscillatorNode(audio, { type: "square", frequency: 2300 });
    tone.connect(gain).connect(audio.destination);
    tone.start();
  }
  if (audio) on ? audio.resume() : audio.suspend();
}

function note() {
  const colour = COLOURS[LAMPS.reduce((sum, lamp, bit) => sum + (levels[lamp] << bit), 0)];
  const last = changes.at(-1);
  if (last.colour === colour && last.buzz === levels.buzzer) return;
  const now = performance.now();
  changes.push({ at: now, colour, buzz: levels.buzzer });
  while (changes.length > 2 && changes[1].at < now - SPAN_MS) changes.shift();
  if (gain) gain.gain.setTargetAtTime(levels.buzzer ? 0.05 : 0, audio.currentTime, 0.003);
  show(colour);
  if (!painting) {
    painting = true;
    paint();
  }
}

function show(colour) {
  const light = document.getElementById("light");
  light.dataset.colour = colour;
  light.querySelector("path").setAttribute("d", SHAPES[colour]);
  light.querySelector("span").textContent = colour;
  document.getElementById("pad").dataset.colour = colour;
  const buzzer = document.getElementById("buzzer");
  buzzer.dataset.on = levels.buzzer ? "yes" : "no";
  buzzer.querySelector("span").textContent = levels.buzzer ? "beep" : "silent";
}

function paint() {
  const now = performance.now();
  strip("light-track", now, (change) => (change.colour === "off" ? "" : `--light-${change.colour}`));
  strip("buzzer-track", now, (change) => (change.buzz ? "--ink" : ""));
  // Once everything has left the window and is off, there is nothing to draw until the next change.
  painting = changes.length > 1 && (changes.at(-1).at > now - SPAN_MS || changes.at(-1).colour !== "off" || levels.buzzer > 0);
  if (painting) setTimeout(() => requestAnimationFrame(paint), calm.matches ? 500 : 60);
}

function strip(id, now, style) {
  const canvas = document.getElementById(id);
  const context = canvas.getContext("2d");
  const theme = getComputedStyle(canvas);
  context.clearRect(0, 0, canvas.width, canvas.height);
  const place = (at) => Math.max(0, canvas.width * (1 - (now - at) / SPAN_MS));
  changes.forEach((change, index) => {
    const variable = style(change);
    if (!variable) return;
    const from = place(change.at);
    const to = place(changes[index + 1]?.at ?? now);
    if (to <= 0) return;
    context.fillStyle = theme.getPropertyValue(variable);
    context.fillRect(from, 3, Math.max(2, to - from), canvas.height - 6);
  });
}
