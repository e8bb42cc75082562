// Keeps the page, and nothing else, so that it opens without internet.
//
// VERSION is the beginning of a SHA-256 over the files below, in this order. A new version is kept only when
// everything that was fetched belongs to it, so a half-copied upload or a damaged file never replaces a page that
// works; and it is used when no tab shows the old one any more, so a page never mixes two versions. Whoever changes a
// file changes VERSION: host_tests/cpython/test_phone_page_files.py says to what.

const VERSION = "58aead43c5e0";
const FILES = [
  "index.html", "style.css", "manifest.webmanifest", "icon.svg", "icon-192.png", "icon-512.png",
  "icon-maskable-512.png", "app.js", "attention.js", "bytes.js", "car.js", "confirm.js", "deadline.js", "exchange.js",
  "frames.js", "identity.js", "key_list.js", "keys_view.js", "keystore.js", "link.js", "metadata.js", "orders.js",
  "pairing.js", "platform.js", "protobuf.js", "session.js", "settings_view.js", "setup.js", "shared_key.js",
  "view.js", "words.js",
];
const PREFIX = "latchkey-phone-key-";
const CACHE = PREFIX + VERSION;
const HERE = new URL("./", location.href).href;
const KEPT = new Map([[HERE, `${HERE}index.html`], ...FILES.map((file) => [HERE + file, HERE + file])]);

addEventListener("install", (event) => event.waitUntil(keep()));
addEventListener("activate", (event) => event.waitUntil(forgetOlder()));
addEventListener("fetch", (event) => {
  const { method, url } = event.request;
  const file = KEPT.get(url.split(/[?#]/)[0]);
  if (method === "GET" && file) event.respondWith(answer(event.request, file));
});

async function keep() {
  const copies = await Promise.all(FILES.map(copy));
  if ((await digest(copies.map(({ body }) => body))) !== VERSION) throw new Error("not this version's files");
  const cache = await caches.open(CACHE);
  await Promise.all(copies.map(({ file, body, headers }) => cache.put(HERE + file, new Response(body, { headers }))));
}

async function copy(file) {
  const answer = await fetch(HERE + file, { cache: "no-cache" });
  if (!answer.ok) throw new Error(`${file}: ${answer.status}`);
  const headers = new Headers(answer.headers);
  ["content-encoding", "content-length"].forEach((name) => headers.delete(name)); // of the bytes on the wire
  return { file, body: await answer.arrayBuffer(), headers };
}

async function digest(bodies) {
  const whole = await crypto.subtle.digest("SHA-256", await new Blob(bodies).arrayBuffer());
  return Array.from(new Uint8Array(whole, 0, 6), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

async function forgetOlder() {
  const older = (await caches.keys()).filter((name) => name.startsWith(PREFIX) && name !== CACHE);
  await Promise.all(older.map((name) => caches.delete(name)));
}

async function answer(request, file) {
  const cache = await caches.open(CACHE);
  return (await cache.match(file)) ?? fetch(request);
}
