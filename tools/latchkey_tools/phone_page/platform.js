// What the browser has of what this page needs, and what it means where something is missing.

/** Why the page cannot work here: {title, why, advice}, or null. */
export function missing() {
  if (window.top !== window) return FRAMED;
  if (!window.isSecureContext) return PLAIN_HTTP;
  return navigator.bluetooth ? null : NO_BLUETOOTH;
}

const FRAMED = {
  title: "This page stands inside another one",
  why: "A key page that others can frame could be pressed without you seeing it.",
  advice: "Open it by itself.",
};

const PLAIN_HTTP = {
  title: "This address cannot work",
  why:
    `${location.origin} is plain http. Browsers give Bluetooth, and keys that nobody can copy, to secure pages only: ` +
    "on plain http anybody in the network could change the page on its way.",
  advice: "Open this page from an https address, or on this computer itself as http://localhost.",
};

const NO_BLUETOOTH = {
  title: "This browser has no Web Bluetooth",
  why:
    "Firefox and Safari do not have it. " +
    "Chrome and Edge on Android, Windows, macOS, Linux and ChromeOS do, unless it is switched off there.",
  advice: "On an iPhone or iPad it takes a browser that adds it. Your key card works in any case.",
};

export const NOTHING_KEPT = {
  title: "This browser keeps nothing for this page",
  why:
    "IndexedDB is switched off or refused, as in some private windows. " +
    "A key made now would be gone when the page closes, and the car would go on listing it.",
  advice: "Open the page in an ordinary window, or allow it to store data.",
};

/** What it means that the browser did, or did not, promise to keep the key. */
export const kept = (promised) =>
  promised
    ? "The key stays in this browser until you forget it. It cannot be copied out."
    : "The browser has not promised to keep the key: when it runs short of space, or when you clear its data, the " +
      "key is gone and this phone must be paired anew. Installing the page (browser menu, “Install” or “Add to home " +
      "screen”) usually changes that.";

/** Keeps the page itself for when there is no internet. Gives what to say about that. */
export async function keepPage() {
  try {
    const registration = await navigator.serviceWorker.register("sw.js");
    if (registration.active || (await installed(registration.installing ?? registration.waiting))) return KEPT;
  } catch {
    // said below
  }
  return "The page itself could not be kept: it needs internet to open.";
}

const KEPT = "The page itself is kept too: it works without internet.";

function installed(worker) {
  return new Promise((resolve) => {
    const look = () => ["activated", "redundant"].includes(worker.state) && resolve(worker.state === "activated");
    worker.addEventListener("statechange", look);
    look();
  });
}
