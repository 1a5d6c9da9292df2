// Keeps the public pages last seen, and what they are drawn with, for when there is no line. What is somebody's own (orders,
// baskets, accounts) says `no-store` and is never kept.
const KEPT = "cho-ocop-1", PAGES = 40, THINGS = 120;

const trimmed = async (cache, most) => {
  const keys = await cache.keys();
  await Promise.all(keys.slice(0, Math.max(0, keys.length - most)).map(key => cache.delete(key)));
};

self.addEventListener("install", event => event.waitUntil((async () => {
  const cache = await caches.open(KEPT);
  const page = await fetch("/offline");
  // The sheet and the icon that pages name.
  const text = await page.clone().text();
  const named = [...text.matchAll(/(?:href|src)="(\/static\/[^"]+)"/g)].map(found => found[1]);
  await cache.put("/offline", page);
  await cache.addAll([...new Set(named)]);
  await self.skipWaiting();
})()));

self.addEventListener("activate", event => event.waitUntil((async () => {
  const names = await caches.keys();
  await Promise.all(names.filter(name => !name.startsWith(KEPT)).map(name => caches.delete(name)));
  await self.clients.claim();
})()));

const may = answer => answer.ok && answer.type === "basic" && !(answer.headers.get("cache-control") || "no-store").includes("no-store");

const visited = async request => {
  const cache = await caches.open(KEPT + "-pages");
  try {
    const answer = await fetch(request);
    if (may(answer) && !answer.redirected) {
      await cache.put(request, answer.clone());
      await trimmed(cache, PAGES);
    }
    return answer;
  } catch {
    const loose = {ignoreVary: true, ignoreSearch: false};
    return (await cache.match(request, loose)) || (await caches.match("/offline", {ignoreVary: true})) || Response.error();
  }
};

const thing = async request => {
  const kept = await caches.match(request, {ignoreVary: true});
  if (kept) return kept;
  const answer = await fetch(request);
  if (may(answer)) {
    const cache = await caches.open(KEPT + "-things");
    await cache.put(request, answer.clone());
    await trimmed(cache, THINGS);
  }
  return answer;
};

self.addEventListener("fetch", event => {
  const {request} = event;
  const address = new URL(request.url);
  if (request.method !== "GET" || address.origin !== self.location.origin) return;
  if (request.mode === "navigate") event.respondWith(visited(request));
  else if (address.pathname.startsWith("/static/") || address.pathname.startsWith("/media/")) event.respondWith(thing(request));
});

// What our server says of an order. The same tag replaces what was said before.
self.addEventListener("push", event => {
  let said = {};
  try {
    said = event.data.json();
  } catch { /* none of ours */ }
  const {title = "Chợ OCOP", body = "", url = "/account", tag} = said;
  event.waitUntil(self.registration.showNotification(title, {body, tag, icon: "/static/icon-192.png", data: {url}}));
});

self.addEventListener("notificationclick", event => {
  event.notification.close();
  const {url} = event.notification.data || {};
  const address = new URL(url || "/account", self.location.origin);
  if (address.origin === self.location.origin) event.waitUntil(self.clients.openWindow(address.href));
});
