// The radio link to a car: found by its name on the air, connected, written to and heard, by Web Bluetooth.
//
// Facts: vehicle-command.md §1.1, §1.3; webbluetoothcg.github.io/web-bluetooth. A page sees no car that the person has
// not picked in the browser's own list; some browsers let it see that one again (getDevices). A page cannot know the
// MTU: it writes up to 512 bytes at once and leaves the cutting to the browser, and where that fails, 20 bytes at a
// time. Nothing on this link is secret or proved; session.js sees to that.

import { pause, TooLate, within } from "./deadline.js";
import { frame, Frames } from "./frames.js";
import { localName } from "./identity.js";

const TAIL = "-b2d1-43f0-9b88-960cebf8b91e";
const SERVICE = `00000211${TAIL}`, TO_CAR = `00000212${TAIL}`, FROM_CAR = `00000213${TAIL}`;
const CONNECT_MS = 12_000, DISCOVER_MS = 8_000, WRITE_MS = 4_000;
const LARGE = 512, SMALL = 20;
const FORGOTTEN_MS = 1_200; // the car drops half a frame after a second

// Why there is no link
export const CANCELLED = "cancelled"; // nothing was picked in the browser's list
export const NO_RADIO = "no radio"; // Bluetooth is off, or there is none
export const NOT_PERMITTED = "not permitted"; // by the person, or by the browser's settings
export const OUT_OF_REACH = "out of reach";
export const NOT_A_CAR = "not a car"; // something else has this name
export const LOST = "lost"; // in the middle of something

export class LinkError extends Error {
  constructor(code) {
    super(code);
    this.code = code;
  }
}

/** One car's link; open() may be called again after it has ended. */
export class Link {
  /** heard(message) is called with each whole message, ended() when an open link is gone. nowMs(): only rises. */
  constructor(bluetooth, nowMs, heard, ended) {
    Object.assign(this, { _bluetooth: bluetooth, _nowMs: nowMs, _heard: heard, _ended: ended });
    this.device = null;
    this._toCar = null;
    this._chunk = LARGE;
    this._listening = new AbortController();
  }

  get up() {
    return this._toCar !== null;
  }

  /** Lets the person pick the car. Needs a press of theirs; raises LinkError. */
  async choose(vin) {
    const name = await localName(vin);
    try {
      this.device = await this._bluetooth.requestDevice({ filters: [{ name }], optionalServices: [SERVICE] });
    } catch (error) {
      if (error.name !== "NotFoundError") throw new LinkError(NOT_PERMITTED);
      throw new LinkError((await this._bluetooth.getAvailability()) ? CANCELLED : NO_RADIO);
    }
  }

  /** Takes the car that was picked in an earlier visit, where the browser remembers; is there one? */
  async recall(vin) {
    const name = await localName(vin);
    const devices = (await this._bluetooth.getDevices?.().catch(() => [])) ?? [];
    this.device = devices.find((device) => device.name === name) ?? null;
    return this.device !== null;
  }

  /** Connects to the car that was chosen or recalled. Raises LinkError. */
  async open() {
    this.close();
    this._listening = new AbortController();
    const { device, _listening: { signal } } = this;
    device.addEventListener("gattserverdisconnected", () => this._lose(), { signal });
    try {
      const server = await within(CONNECT_MS, device.gatt.connect(), () => device.gatt.disconnect());
      this._toCar = await within(DISCOVER_MS, this._discover(server, signal));
    } catch (error) {
      this.close();
      throw new LinkError(error.name === "NotFoundError" ? NOT_A_CAR : OUT_OF_REACH);
    }
  }

  /** Sends one message. Raises LinkError. */
  async send(message) {
    const bytes = frame(message);
    try {
      await this._write(bytes);
    } catch (error) {
      if (!this.up || this._chunk === SMALL || error instanceof TooLate) throw this._broken();
      this._chunk = SMALL;
      await pause(FORGOTTEN_MS);
      await this._write(bytes).catch(() => {
        throw this._broken();
      });
    }
  }

  /** Hangs up; ended() is not called. */
  close() {
    this._listening.abort();
    this._toCar = null;
    this.device?.gatt.disconnect();
  }

  async _discover(server, signal) {
    const service = await server.getPrimaryService(SERVICE);
    const toCar = await service.getCharacteristic(TO_CAR);
    const fromCar = await service.getCharacteristic(FROM_CAR);
    const frames = new Frames(this._nowMs);
    const hear = ({ target }) => {
      const { buffer, byteOffset, byteLength } = target.value;
      frames.take(new Uint8Array(buffer, byteOffset, byteLength)).forEach(this._heard);
    };
    fromCar.addEventListener("characteristicvaluechanged", hear, { signal });
    await fromCar.startNotifications();
    return toCar;
  }

  async _write(bytes) {
    for (let at = 0; at < bytes.length; at += this._chunk) {
      if (!this.up) throw new LinkError(LOST);
      await within(WRITE_MS, this._toCar.writeValueWithResponse(bytes.slice(at, at + this._chunk)));
    }
  }

  /** A link on which nothing can be written is no link. */
  _broken() {
    const was = this.up;
    this.close();
    if (was) this._ended();
    return new LinkError(LOST);
  }

  _lose() {
    const was = this.up;
    this.close();
    if (was) this._ended();
  }
}
