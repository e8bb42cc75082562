// Keeps the link while somebody looks at the page: connects again by itself, asks how the car stands, hangs up when
// nobody looks any more, because a car has four links for all its phones. It never gives an order.

import { AWAY, HERE } from "./car.js";

const RETRY_MS = [500, 2_000, 5_000, 10_000]; // the last one again and again
const PATIENCE_MS = 120_000; // then a press is asked for, to spare the battery
const STATUS_MS = 20_000;
const HIDDEN_MS = 30_000;

export class Attention {
  /** busy(): nothing may be interrupted now. */
  constructor(car, nowMs, busy) {
    Object.assign(this, { _car: car, _nowMs: nowMs, _busy: busy });
    this._tries = 0;
    this._sinceMs = nowMs();
    this._retry = 0;
    this._hanging = 0;
    this._ended = new AbortController();
    document.addEventListener("visibilitychange", () => this._look(), { signal: this._ended.signal });
    this._asking = setInterval(() => this._ask(), STATUS_MS);
  }

  /** Somebody did something: patience begins anew. */
  renew() {
    this._tries = 0;
    this._sinceMs = this._nowMs();
    clearTimeout(this._retry);
    this._retry = 0;
  }

  /** The car has changed. */
  notice() {
    if (this._car.place === HERE) this.renew();
    else if (this.seeking && !this._retry && this._car.place === AWAY) this._schedule();
  }

  /** Is it looked for by itself, now and then? */
  get seeking() {
    const patient = !this._ended.signal.aborted && this._nowMs() - this._sinceMs < PATIENCE_MS;
    return patient && !document.hidden && this._car.link.device !== null && !this._car.distrusted;
  }

  end() {
    this._ended.abort();
    clearInterval(this._asking);
    clearTimeout(this._retry);
    clearTimeout(this._hanging);
  }

  _schedule() {
    const ms = RETRY_MS[Math.min(this._tries++, RETRY_MS.length - 1)];
    const retry = setTimeout(async () => {
      if (this.seeking) await this._car.connect(true);
      if (this._retry !== retry) return; // somebody did something meanwhile
      this._retry = 0;
      this.notice();
    }, ms);
    this._retry = retry;
  }

  _ask() {
    if (!document.hidden && this._car.place === HERE) this._car.refresh();
  }

  _look() {
    clearTimeout(this._hanging);
    if (document.hidden) {
      this._hanging = setTimeout(() => this._busy() || this._car.leave(), HIDDEN_MS);
    } else {
      this.renew();
      this.notice();
      this._ask();
    }
  }
}
