// The drawing: the car from above, and its bolt in section. State is shown by position and shape first, by colour second.

const DRAWING = `
<svg viewBox="0 0 800 300" role="img" aria-label="">
  <defs>
    <linearGradient id="beam" x1="0" x2="1"><stop offset="0" class="beam-near"/><stop offset="1" class="beam-far"/></linearGradient>
    <clipPath id="road-clip"><rect x="8" y="18" width="524" height="264" rx="16"/></clipPath>
  </defs>
  <g clip-path="url(#road-clip)">
    <rect class="road" x="8" y="18" width="524" height="264"/>
    <path class="lane" d="M-120 36H700M-120 264H700"/>
    <path class="beam" d="M452 104L620 60V140L452 124zM452 176L620 160V240L452 196z"/>
  </g>
  <g class="vehicle">
    <g class="tyres"><rect x="132" y="70" width="54" height="16" rx="6"/><rect x="366" y="70" width="54" height="16" rx="6"/><rect x="132" y="214" width="54" height="16" rx="6"/><rect x="366" y="214" width="54" height="16" rx="6"/></g>
    <path class="body" d="M96 150c0-34 4-56 20-64 10-6 40-9 74-9h140c56 0 96 9 118 30 12 12 16 26 16 43s-4 31-16 43c-22 21-62 30-118 30H190c-34 0-64-3-74-9-16-8-20-30-20-64z"/>
    <path class="glass" d="M352 98c18 12 24 34 24 52s-6 40-24 52l-34-14c6-12 8-24 8-38s-2-26-8-38z"/>
    <path class="glass" d="M150 104c-10 10-14 28-14 46s4 36 14 46l26-10c-6-10-8-22-8-36s2-26 8-36z"/>
    <path class="crease" d="M390 104c22 6 44 14 58 24M390 196c22-6 44-14 58-24"/>
    <g class="well"><path d="M142 112c-6 10-8 24-8 38s2 28 8 38l-26-5c-6-8-9-20-9-33s3-25 9-33z"/><path d="M398 116c16 4 30 9 42 17 4 5 5 11 5 17s-1 12-5 17c-12 8-26 13-42 17 3-10 5-22 5-34s-2-24-5-34z"/><circle cx="131" cy="84" r="5"/></g>
    <path class="lid trunk" d="M142 112c-6 10-8 24-8 38s2 28 8 38l-26-5c-6-8-9-20-9-33s3-25 9-33z"/>
    <path class="lid frunk" d="M398 116c16 4 30 9 42 17 4 5 5 11 5 17s-1 12-5 17c-12 8-26 13-42 17 3-10 5-22 5-34s-2-24-5-34z"/>
    <path class="lid charge_port" d="M140 79l-18 3v8l18-3z"/>
    <g class="seats"><rect x="262" y="112" width="36" height="32" rx="9"/><rect x="262" y="156" width="36" height="32" rx="9"/><rect x="192" y="112" width="34" height="76" rx="9"/></g>
    <g class="wheel"><circle cx="312" cy="128" r="11"/><path d="M312 117v22M301 128h22"/></g>
    <g class="lamps"><path d="M447 107c7 5 11 11 13 18l-12-5zM447 193c7-5 11-11 13-18l-12 5z"/></g>
    <path class="tail" d="M99 112c-2 8-3 14-3 22M99 188c-2-8-3-14-3-22"/>
    <g class="door front-left"><path d="M336 78H256v7h80z"/></g>
    <g class="door rear-left"><path d="M250 77H178v7h72z"/></g>
    <g class="door front-right"><path d="M336 222H256v-7h80z"/></g>
    <g class="door rear-right"><path d="M250 223H178v-7h72z"/></g>
    <g class="pillar"><circle cx="253" cy="73" r="4"/><path d="M246 64a9 9 0 0 1 14 0M241 58a17 17 0 0 1 24 0"/></g>
    <g class="burst"><path d="M470 150l26-34-8 26 26-10-20 18 20 18-26-10 8 26z"/></g>
  </g>
  <g class="bolt-view">
    <text x="562" y="62" class="label">Bolt</text>
    <text x="790" y="62" class="label end where"></text>
    <rect class="leaf" x="562" y="86" width="132" height="108" rx="6"/>
    <path class="frame" d="M706 86h78a6 6 0 0 1 6 6v96a6 6 0 0 1-6 6h-78v-27h58v-54h-58z"/>
    <path class="channel" d="M562 113h132v54H562z"/>
    <rect class="bolt" x="572" y="118" width="120" height="44" rx="5"/>
    <path class="wedge" d="M682 116l17-28 17 28z"/>
    <g class="coil lock"><path d="M598 180h48m-10-7l10 7-10 7"/></g>
    <g class="coil unlock"><path d="M646 180h-48m10-7l-10 7 10 7"/></g>
    <g class="feeler unlocked"><circle cx="570" cy="222" r="7"/><text x="585" y="227" class="label">unlocked</text></g>
    <g class="feeler locked"><circle cx="698" cy="222" r="7"/><text x="713" y="227" class="label">locked</text></g>
    <text x="562" y="256" class="label coil-text"></text>
  </g>
</svg>`;

const WORDS = {
  unknown: ["Not known yet", "nothing has been sensed since power-up"],
  locked: ["Locked", ""],
  locking: ["Locking…", "the motor throws the bolt"],
  unlocked: ["Unlocked", ""],
  unlocking: ["Unlocking…", "the motor draws the bolt"],
  jammed: ["Jammed", "the bolt did not move, twice"],
  "crash-open": ["Crash: open", "a card may lock again after 60 s"],
};
const LIDS = { trunk: "trunk", frunk: "frunk", charge_port: "charge port" };
const DRIVE = { denied: "Denied", authorised: "Authorised", driving: "Driving" };

let svg;

export function draw(figure) {
  figure.innerHTML = DRAWING;
  svg = figure.querySelector("svg");
}

/** Brings the drawing and the facts below it up to date. age: seconds since the controller reported. */
export function showCar(car, controller, age) {
  const lock = controller?.lock ?? "dark";
  const data = svg.dataset;
  document.getElementById("padlock").dataset.lock = lock;
  data.lock = lock;
  data.bolt = car.bolt;
  data.doors = car.doors ? "open" : "shut";
  data.drive = controller?.drive ?? "denied";
  data.engine = car.engine ? "on" : "off";
  data.crash = car.crash ? "yes" : "no";
  data.jam = car.jam ? "yes" : "no";
  data.driven = car.driven.join(" ");
  data.moving = car.speed > 0 ? "yes" : "no";
  svg.style.setProperty("--pace", `${Math.max(0.25, 40 / Math.max(1, car.speed))}s`);
  moveBolt(car);
  const [word, note] = WORDS[lock] ?? ["No answer", "the controller is not running"];
  svg.querySelector(".where").textContent = car.jam ? "held fast" : car.bolt;
  svg.querySelector(".coil-text").textContent = car.driven.length ? `motor: ${car.driven.join(" and ")}` : "motor at rest";
  for (const wire of ["locked", "unlocked"]) svg.querySelector(`.feeler.${wire}`).classList.toggle("cut", car.unplugged.includes(`bolt_${wire}`));
  for (const name in LIDS) svg.querySelector(`.lid.${name}`).classList.toggle("open", car.latches[name] === "open");
  const lids = openLids(car);
  svg.setAttribute("aria-label", `Car from above: bolt ${car.bolt}, doors ${data.doors}, ${lids ? `${lids}, ` : ""}${car.engine ? "engine running" : "engine off"}, ${car.speed} km/h`);
  fact("lock", word, note || (controller?.confirmed ? "confirmed by the bolt switch" : "commanded, not confirmed"), lock);
  fact("drive", DRIVE[controller?.drive] ?? "–", driveNote(car, controller, age), controller?.drive);
  fact("doors", car.doors ? "Open" : "Shut", [car.unplugged.includes("door") && "the controller cannot tell", lids].filter(Boolean).join(", "), car.doors ? "open" : "shut");
  fact("supply", `${(car.supply / 1000).toFixed(1)} V`, supplyNote(car), car.supply < 9000 ? "low" : "good");
}

/** Such as "trunk and charge port open"; empty while all are shut. */
function openLids(car) {
  const names = Object.keys(LIDS).filter((name) => car.latches[name] === "open");
  return names.length ? `${names.map((name) => LIDS[name]).join(" and ")} open` : "";
}

function moveBolt(car) {
  const bolt = svg.querySelector(".bolt");
  const going = !car.jam && car.supply >= 6000 && car.driven.length === 1 ? car.driven[0] : "";
  const target = going === "lock" ? 0 : going === "unlock" ? 1 : car.thrown;
  const left = Math.abs(target - car.thrown) * car.travel_ms;
  bolt.style.transitionDuration = `${going ? left : 80}ms`;
  bolt.style.transform = `translateX(${64 * (1 - target)}px)`;
}

function driveNote(car, controller, age) {
  if (controller?.drive === "authorised" && controller.drive_s != null) return `for ${clock(controller.drive_s - age)} more`;
  if (car.engine) return car.speed ? `engine runs, ${car.speed} km/h` : "engine runs";
  if (car.ignition) return "ignition on, starter blocked";
  return car.speed ? `rolling at ${car.speed} km/h` : "engine off";
}

function supplyNote(car) {
  if (car.supply < 6000) return "too weak to move the bolt";
  return car.supply < 9000 ? "below 9 V" : car.engine ? "" : "battery";
}

export function clock(seconds) {
  const whole = Math.max(0, Math.ceil(seconds));
  return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, "0")}`;
}

function fact(name, value, note, state) {
  const element = document.getElementById(`fact-${name}`);
  const [first, second] = element.querySelectorAll("dd");
  element.dataset.state = state ?? "none";
  if (first.textContent !== value) first.textContent = value;
  if (second.textContent !== note) second.textContent = note;
}
