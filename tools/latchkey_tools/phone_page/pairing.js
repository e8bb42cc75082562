// Pairing: this phone shows its key, an owner's card confirms it.
//
// Facts: vehicle-command.md §5. The request is the unsigned form that has a way back, so the car answers it: a refusal
// at once, nothing while it waits for the card, then what became of it. Only the handshake after that proves it: the
// car's signed word that this key is enrolled. The role is the car's to decide; a phone that asks gets driver, or
// owner where the owner's gesture says so.

import { Silence } from "./exchange.js";
import { addKey, DRIVER, KEYS_CHANGED, readAnswer } from "./orders.js";
import { ANSWER } from "./session.js";
import { PAIRED } from "./words.js";

const REFUSED_MS = 1_500; // whoever refuses has done so by then
const CARD_MS = 30_000; // the car's own patience
const LATE_MS = 6_000; // until the car has computed and told what became of it
const ALREADY = 13, NO_TAP = 25;

// Stages
export const ASKING = "asking", WAITING = "waiting", CHECKING = "checking";

export class Pairing {
  /** changed() after each change. */
  constructor(car, nowMs, changed) {
    Object.assign(this, { _car: car, _nowMs: nowMs, _changed: changed, _given: false });
    this.stage = "";
    this._untilMs = 0;
  }

  /** Seconds that are left for the owner's card; 0 before and after. */
  get leftS() {
    return this.stage === WAITING ? Math.max(0, Math.ceil((this._untilMs - this._nowMs()) / 1000)) : 0;
  }

  get allS() {
    return CARD_MS / 1000;
  }

  /** Asks the car, which is here and does not know this key. The outcome is the car's: paired, or a notice. */
  async begin() {
    this._given = false;
    this._car.notice = null;
    this._to(ASKING);
    const timer = setTimeout(() => this._wait(), REFUSED_MS);
    try {
      await this._ask();
      this._to(CHECKING);
      await this._car.greet();
      if (this._car.paired) this._car.tell("good", PAIRED);
      else if (!this._given) throw { kind: KEYS_CHANGED, information: NO_TAP };
    } catch (error) {
      if (!this._given) this._car.report(error);
    } finally {
      clearTimeout(timer);
      this._to("");
    }
  }

  /** Waits no longer; the car forgets the request by itself. */
  giveUp() {
    this._given = true;
    this._car.exchange.abandon();
  }

  /** Returns when the car has said yes, or nothing; raises its refusal. */
  async _ask() {
    const { exchange, key } = this._car;
    const over = (payload) => readAnswer(payload).kind === KEYS_CHANGED;
    try {
      const outcome = await exchange.ask(addKey(key.publicKey, DRIVER), REFUSED_MS + CARD_MS + LATE_MS, over);
      if (outcome.kind !== ANSWER) throw outcome;
      const answer = readAnswer(outcome.payload);
      if (answer.information && answer.information !== ALREADY) throw answer;
    } catch (error) {
      if (!(error instanceof Silence)) throw error;
    }
  }

  _wait() {
    this._untilMs = this._nowMs() + CARD_MS - REFUSED_MS;
    this._to(WAITING);
  }

  _to(stage) {
    this.stage = stage;
    this._changed();
  }
}
