// Who asked, for what, what the controller said, and why: one line per decision, newest first.

const list = document.getElementById("feed");
const WHO = { cabin: "Cabin", crash: "Crash sensor", timer: "Auto-relock", phone: "A phone", cloud: "Cloud", keycard: "A card" };
const KEY = { phone: "Phone", cloud: "Cloud key" }; // what a key is called that has no name here
const WRONG_ANSWER = 51; // core/codes.py: the id is what the card claimed, and what it could not prove
let newest = null;

/** names: short id -> name in the wallet, or of a phone. */
export function showFeed(verdicts, names) {
  document.getElementById("feed-empty").hidden = verdicts.length > 0;
  const keys = verdicts.map(keyOf);
  const present = new Map([...list.children].map((item) => [item.dataset.key, item]));
  if (keys.length === present.size && keys[0] === list.firstElementChild?.dataset.key) return;
  const fresh = newest !== null && keys.length > 0 && keys[0] !== newest;
  list.replaceChildren(...verdicts.map((verdict, index) => present.get(keys[index]) ?? line(verdict, keys[index], names)));
  newest = keys[0] ?? "";
  if (!verdicts.length) return;
  const said = sentence(verdicts[0], names);
  if (fresh) document.getElementById("announcer").textContent = said;
  const latest = document.getElementById("latest");
  latest.hidden = false;
  latest.textContent = said;
  latest.dataset.accepted = Boolean(verdicts[0].accepted);
}

const keyOf = (verdict) => `${verdict.start}/${verdict.seq}/${verdict.at}`;
const outcome = (verdict) => (verdict.accepted ? "accepted" : "refused");
const words = (action) => String(action ?? "").replaceAll("_", " ");

/** What came of an earlier request: the id is the key it was about, not the one who asked. */
const isOutcome = (verdict) => !["keycard", "phone", "cloud"].includes(verdict.source) && Boolean(verdict.id && verdict.action);

function who(verdict, names) {
  if (verdict.verdict === WRONG_ANSWER && verdict.id) return `A card that claims to be ${names[verdict.id] ?? verdict.id}`;
  return names[verdict.id] ?? (verdict.id ? `${KEY[verdict.source] ?? "Key"} ${verdict.id}` : (WHO[verdict.source] ?? verdict.source));
}

function sentence(verdict, names) {
  const action = words(verdict.action);
  return `${who(verdict, names)}${action ? `, ${action}` : ""}: ${outcome(verdict)}, ${verdict.text}`;
}

function line(verdict, key, names) {
  const item = document.createElement("li");
  item.dataset.key = key;
  item.dataset.accepted = Boolean(verdict.accepted);
  const mark = document.createElement("span");
  mark.className = "mark";
  mark.textContent = verdict.accepted ? "Accepted" : "Refused";
  const said = document.createElement("p");
  const name = document.createElement("b");
  name.textContent = who(verdict, names);
  const asked = words(verdict.action);
  said.append(name, isOutcome(verdict) ? `: ${asked}` : asked ? ` asked to ${asked}` : " showed itself");
  const why = document.createElement("p");
  why.className = "why";
  why.textContent = verdict.text;
  const foot = document.createElement("p");
  foot.className = "foot";
  const time = document.createElement("time");
  time.textContent = new Date(verdict.at * 1000).toLocaleTimeString([], { hour12: false });
  foot.append(time, ` · ${verdict.source}${verdict.id ? ` · ${verdict.id}` : ""}`);
  item.append(mark, said, why, foot);
  return item;
}
