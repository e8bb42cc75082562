// Waiting for what may never come: every promise that a radio or a car has to keep gets a deadline.

/** What was waited for did not come in time. */
export class TooLate extends Error {}

export const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** The promise's outcome, or TooLate after so many milliseconds; then giveUp() is called, to end what is under way. */
export function within(ms, promise, giveUp = () => {}) {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      reject(new TooLate());
      giveUp();
    }, ms);
    promise.then(resolve, reject).finally(() => clearTimeout(timer));
  });
}
