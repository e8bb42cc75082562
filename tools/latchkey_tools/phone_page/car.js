// The car as this phone knows it: in reach or not, locked or not, what is under way, what was refused. And what a
// press does.
//
// Nothing here moves the car by itself: connecting, and asking how it stands, are all that happens without a press. A
// press is one command, good for five seconds, never stored and never repeated after that. What the lock does then is
// what the car's own signed status says, not what was asked for.

import { pause } from "./deadline.js";
import { Exchange, Silence } from "./exchange.js";
import { Link, LinkError, LOST, OUT_OF_REACH } from "./link.js";
import * as orders from "./orders.js";
import { ANSWER, FAULT, SESSION, Session } from "./session.js";
import * as words from "./words.js";

// Where the car is
export const AWAY = "away", CONNECTING = "connecting", HERE = "here";

const NOT_A_KEY = 3; // fault
const WATCH_MS = [150, 300, 500, 1000, 1500]; // a pulse takes half a second; after these the bolt has failed to report
const PRESS = "press";
const AIMS = { unlock: "unlocked", lock: "locked" };

export class Car {
  /**
   * key: as the keystore gives it. platform: {bluetooth, random, nowMs}. changed() is called after each change,
   * pin(vehicleKey) when the car has taken this key and shown its own, 65 bytes.
   */
  constructor(key, platform, changed, pin) {
    Object.assign(this, { key, _platform: platform, _changed: changed, _pin: pin });
    this.link = new Link(
      platform.bluetooth,
      platform.nowMs,
      (message) => this.exchange?.hear(message),
      () => this._lost(),
    );
    this.exchange = null;
    this._toldTime = null; // the exchange by which the car was told what time it is
    this.place = AWAY;
    this.quiet = false; // it is being connected to without anybody having asked
    this.missed = false; // it was not to be reached last time
    this.distrusted = false; // what was reached last time is not this car, or would not talk
    this.paired = null; // null: the car has not said
    this.lock = "unknown";
    this.open = [];
    this.awayS = -1; // for how long the cloud is away, -1 where it is not
    this.doing = ""; // a word of COMMANDS, or "status"
    this.notice = null; // {tone, why, advice, about}: about a press, it stays until the next one
  }

  /** Connects to the car that the link knows, shakes hands and asks how it stands. quiet: nobody has asked for it. */
  async connect(quiet = false) {
    if (this.place === CONNECTING && !quiet) this._set({ quiet, notice: null });
    if (this.place !== AWAY) return;
    this._set({ place: CONNECTING, quiet, distrusted: false, notice: quiet ? this.notice : null });
    try {
      await this.link.open();
      await this.greet();
    } catch (error) {
      this.link.close();
      const why = unreached(error) ? { missed: true } : { distrusted: true, missed: false, ...this._failure(error) };
      this._set({ place: AWAY, quiet: false, ...why });
    }
  }

  /** A handshake over the open link: who is this, and am I a key of it? */
  async greet() {
    const { vin, privateKey, publicKey, vehicleKey, vehicleId } = this.key;
    const { random, nowMs } = this._platform;
    const session = new Session({ vin, privateKey, publicKey, vehicleKey, vehicleId, random, nowMs });
    this.exchange = new Exchange(this.link, session, nowMs, () => this._news());
    const outcome = await this.exchange.greet();
    if (outcome.kind === SESSION && outcome.enrolled) {
      if (!vehicleKey) await this._pin(session.vehicleKey);
      const notice = this.notice?.about === PRESS ? this.notice : null;
      this._set({ place: HERE, paired: true, quiet: false, missed: false, notice });
      await this._look();
    } else if (outcome.kind === SESSION || outcome.fault === NOT_A_KEY) {
      this._set({ place: HERE, quiet: false, missed: false, ...this._strange() });
    } else {
      throw outcome;
    }
  }

  /** Asks how the car stands, unless that is being asked anyway. */
  async refresh() {
    if (this.paired && !this.doing) await this._look();
  }

  /** Asks for the signed status; where that fails, nothing is known of the lock any more. */
  async _look() {
    try {
      await this._readStatus();
      if (this.notice && this.notice.about !== PRESS) this._set({ notice: null });
    } catch (error) {
      this._set({ lock: "unknown", ...this._failure(error) });
    }
  }

  /** What a press of a button does; name: of COMMANDS. */
  async press(name) {
    if (!this.paired || this.doing) return;
    this._set({ doing: name, notice: null });
    try {
      await this.command(orders.COMMANDS[name]);
      if (AIMS[name]) await this._watch(AIMS[name]);
      else this.tell("good", words.say(words.DONE[name]));
      this._mentionTime();
    } catch (error) {
      await this._explain(error);
    } finally {
      this._set({ doing: "" });
    }
  }

  /** Sends a signed command; gives the car's answer, or raises LinkError, Silence, or the refusal as an outcome. */
  async command(payload) {
    const outcome = await this.exchange.command(payload);
    if (outcome.kind !== ANSWER) throw outcome;
    const answer = orders.readAnswer(outcome.payload);
    const refused = answer.kind === orders.DECLINED || answer.kind === orders.FAILED;
    if (refused || (answer.kind === orders.KEYS_CHANGED && answer.information)) throw answer;
    return answer;
  }

  /** Shows what has failed, in words. */
  report(error) {
    this._set(this._failure(error));
  }

  /** Hangs up. */
  leave() {
    this.link.close();
    this.exchange?.lose();
    this._set({ place: AWAY, lock: "unknown", doing: "" });
  }

  async _readStatus() {
    const answer = await this.command(orders.STATUS);
    if (answer.kind === orders.CAR_STATUS) this._set({ lock: answer.lock, open: answer.open, awayS: answer.awayS });
  }

  /** Tells the car the time, once on each link, for its guests' sake; whatever comes of it, the press was done. */
  _mentionTime() {
    if (this._toldTime === this.exchange) return;
    this._toldTime = this.exchange;
    this.command(orders.setClock(Date.now())).catch(() => {});
  }

  /** Until the status says what was wanted. */
  async _watch(aim) {
    for (const ms of WATCH_MS) {
      await pause(ms);
      await this._readStatus();
      if (this.lock === aim) return;
    }
    this.tell("wait", words.NOT_SEEN);
  }

  /** Why a press came to nothing, and how the car stands now. A car that denies knowing this key must prove itself. */
  async _explain(error) {
    if (this.place === HERE && error.kind === FAULT && error.fault === NOT_A_KEY) {
      await this.greet().catch(() => {});
      if (!this.paired) return;
    }
    const unknown = error.code === LOST || (error instanceof Silence && !error.forged);
    this.tell("bad", unknown ? words.MAYBE_DONE : this._words(error));
    if (this.place === HERE) await this._readStatus().catch(() => this._set({ lock: "unknown" }));
  }

  _failure(error) {
    if (error.kind === FAULT && error.fault === NOT_A_KEY) return this._strange();
    return { notice: { tone: "bad", ...this._words(error) } };
  }

  _words(error) {
    if (error instanceof LinkError) return words.ofLink(error.code);
    if (error instanceof Silence) return words.ofSilence(error.forged);
    return error instanceof Error ? words.ofMistake(error) : words.ofRefusal(error);
  }

  /** What became of a press. */
  tell(tone, said) {
    this._set({ notice: { tone, ...said, about: PRESS } });
  }

  /** The car does not know this key; it may have known it once. */
  _strange() {
    const notice = this.key.vehicleKey ? { tone: "bad", ...words.UNPAIRED } : null;
    return { paired: false, lock: "unknown", notice };
  }

  _news() {
    this.refresh();
  }

  _lost() {
    this.exchange?.lose();
    this._set({ place: AWAY, missed: true, lock: "unknown", notice: null });
  }

  _set(change) {
    Object.assign(this, change);
    this._changed();
  }
}

/** Nobody was there to speak to. */
function unreached(error) {
  if (error instanceof LinkError) return error.code === OUT_OF_REACH || error.code === LOST;
  return error instanceof Silence && !error.forged;
}
