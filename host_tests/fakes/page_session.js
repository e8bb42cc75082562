// Lets a test drive the phone page's protocol modules, as they are, inside the page: bytes go in and out as
// hexadecimal digits.

(async () => {
  const { hex } = await import("./bytes.js");
  const { Session } = await import("./session.js");
  const bytes = (digits) => Uint8Array.from(digits.match(/../g) ?? [], (pair) => parseInt(pair, 16));
  const base64 = (digits) => btoa(String.fromCharCode(...bytes(digits)));
  const base64url = (digits) => base64(digits).replace(/\+/g, "-").replace(/\//g, "_").replace(/=/g, "");
  const curve = { name: "ECDH", namedCurve: "P-256" };
  const plain = (outcome) => outcome && { ...outcome, ...(outcome.payload && { payload: hex(outcome.payload) }) };
  let session = null;
  let queue = [];
  let nowMs = 0;

  function privateKey(d, xy) {
    const point = { x: base64url(xy.slice(0, 64)), y: base64url(xy.slice(64)) };
    const jwk = { kty: "EC", crv: "P-256", d: base64url(d), ...point };
    return crypto.subtle.importKey("jwk", jwk, curve, false, ["deriveBits"]);
  }

  function random(length) {
    const next = queue.shift();
    if (next === undefined) return crypto.getRandomValues(new Uint8Array(length));
    if (next.length !== 2 * length) throw new Error(`asked for ${length} random bytes, there are ${next.length / 2}`);
    return bytes(next);
  }

  window.drive = {
    bytes,
    privateKey,
    async begin({ vin, d, xy, vehicleKey, vehicleId, lifetimeS }, randoms) {
      queue = randoms;
      const own = { privateKey: await privateKey(d, xy), publicKey: bytes("04" + xy) };
      const expected = { vehicleKey: vehicleKey && bytes(vehicleKey), vehicleId };
      session = new Session({ vin, ...own, ...expected, random, nowMs: () => nowMs, ...(lifetimeS && { lifetimeS }) });
    },
    later: (ms) => (nowMs += ms),
    greet: (randoms = []) => ((queue = randoms), hex(session.greet())),
    ask: (payload, randoms = []) => ((queue = randoms), hex(session.ask(bytes(payload)))),
    async command(payload, randoms = []) {
      queue = randoms;
      return hex(await session.command(bytes(payload)));
    },
    receive: async (message) => plain(await session.receive(bytes(message))),
    /** Which outcomes the message has with each of its bits turned, one at a time: {kind: how often}. */
    async turned(message) {
      const counts = {};
      for (let bit = 0; bit < message.length * 4; bit++) {
        const changed = bytes(message);
        changed[bit >> 3] ^= 1 << (bit & 7);
        const kind = (await session.receive(changed))?.kind ?? "nothing";
        counts[kind] = (counts[kind] ?? 0) + 1;
      }
      return counts;
    },
    /** The same for messages that are given as they are. */
    async heard(messages) {
      const kinds = [];
      for (const message of messages) kinds.push((await session.receive(bytes(message)))?.kind ?? "nothing");
      return kinds;
    },
  };
})()
