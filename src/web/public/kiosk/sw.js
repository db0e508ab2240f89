// Keeps the page itself, so that a tablet starts without a network. The service writes the version (a digest of all parts)
// and the list of parts in here; a new version is a new file, so the browser fetches it and replaces all parts at once:
// parts of two versions never run together.

const VERSION = "{{version}}";
const PARTS = "{{parts}}".split(" ");
const CACHE = `sipas-kiosk-${VERSION}`;

addEventListener("install", (event) => {
  const fetchAll = async () => (await caches.open(CACHE)).addAll(PARTS.map((part) => new Request(part, { cache: "reload" })));
  event.waitUntil(fetchAll());
});

addEventListener("activate", (event) => {
  const forgetOthers = async () => {
    for (const name of await caches.keys()) if (name.startsWith("sipas-kiosk-") && name !== CACHE) await caches.delete(name);
    await clients.claim();
  };
  event.waitUntil(forgetOthers());
});

addEventListener("message", (event) => { if (event.data === "replace") skipWaiting(); });

addEventListener("fetch", (event) => {
  const url = new URL(event.request.url);
  const path = url.pathname === "/kiosk/" ? "/kiosk" : url.pathname;
  if (event.request.method !== "GET" || url.origin !== location.origin || !PARTS.includes(path)) return;
  const answer = async () => (await (await caches.open(CACHE)).match(path)) ?? fetch(event.request);
  event.respondWith(answer());
});
