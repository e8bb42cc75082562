// Asking the car: one request at a time, each with a deadline, repaired where the car's answer shows how.
//
// Facts: vehicle-command.md §3.9. A car that has started anew, or that has seen a higher counter, refuses a command
// and says so with session info that it has signed for this very command; the command is then made anew, within the
// time of the same press. Without that signature nothing is sent twice: whoever pressed decides.

import { LinkError, LOST } from "./link.js";
import { ANSWER, FAULT, FORGED, NEWS } from "./session.js";

const DEADLINE_MS = 5_000; // a signed command expires then
const MOST_TRIES = 3;

/** Nothing genuine came in time. forged: something came, and was not from the car. */
export class Silence extends Error {
  constructor(forged) {
    super("silence");
    this.forged = forged;
  }
}

/** link.heard must call hear(), link.ended must call lose(). */
export class Exchange {
  /** news(): the car has told everybody that something changed. */
  constructor(link, session, nowMs, news) {
    Object.assign(this, { session, _link: link, _nowMs: nowMs, _news: news });
    this._hearing = Promise.resolve();
    this._asking = Promise.resolve();
    this._wait = null;
  }

  /** A message has come. They are read one after the other. */
  hear(message) {
    this._hearing = this._hearing.then(() => this._take(message)).catch((error) => this._wait?.reject(error));
  }

  /** The link is gone. */
  lose() {
    this._wait?.reject(new LinkError(LOST));
  }

  /** Nobody waits for the answer any more. */
  abandon() {
    this._wait?.reject(new Silence(""));
  }

  /** A handshake; gives its outcome. Raises LinkError, Silence. */
  greet() {
    return this._inTurn(() => this._once(this.session.greet(), this._nowMs() + DEADLINE_MS));
  }

  /** A signed command; gives its outcome. Raises LinkError, Silence. */
  command(payload) {
    const endMs = this._nowMs() + DEADLINE_MS;
    return this._inTurn(() => this._commandUntil(payload, endMs));
  }

  /** An unsigned request, whose answers are given to over() until that says true. Raises LinkError, Silence. */
  ask(payload, deadlineMs, over) {
    return this._inTurn(() => this._once(this.session.ask(payload), this._nowMs() + deadlineMs, over));
  }

  async _commandUntil(payload, endMs) {
    for (let tries = 1; ; tries++) {
      const outcome = await this._once(await this.session.command(payload), endMs);
      if (outcome.kind !== FAULT || !outcome.repaired || tries === MOST_TRIES) return outcome;
    }
  }

  _inTurn(work) {
    const done = this._asking.then(work);
    this._asking = done.catch(() => {});
    return done;
  }

  async _once(message, endMs, over = () => true) {
    const answered = new Promise((resolve, reject) => (this._wait = { resolve, reject, over, forged: "" }));
    answered.catch(() => {}); // it may be lost while the message is still being written
    const { reject } = this._wait;
    const timer = setTimeout(() => reject(new Silence(this._wait?.forged)), endMs - this._nowMs());
    try {
      await this._link.send(message);
      return await answered;
    } finally {
      clearTimeout(timer);
      this._wait = null;
    }
  }

  async _take(message) {
    const outcome = await this.session.receive(message);
    if (outcome?.kind === NEWS) this._news();
    const wait = this._wait;
    if (!outcome || !wait || outcome.kind === NEWS) return;
    if (outcome.kind === FORGED) wait.forged = outcome.why;
    else if (outcome.kind !== ANSWER || wait.over(outcome.payload)) wait.resolve(outcome);
  }
}
