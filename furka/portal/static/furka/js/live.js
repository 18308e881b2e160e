/**
 * Keeps what is on the page true.
 *
 * - `<time data-age="since|ago|remaining|upcoming" datetime="…">` ages in place, in the words the server uses.
 * - `<div data-timebar data-start="…" data-end="…">` moves its bar.
 * - `<div id="…" data-live="/stream/url" data-refresh-url="/fragment/url">` is fetched anew and replaced whenever the stream
 *   says so (any server-sent event, or one called `change`). A fragment in which somebody is typing waits until they are
 *   done. An event called `end` (the right to look has ended) loads the whole page again.
 *   Elements with the same stream share one connection; while the page is hidden there is none.
 *   Without `data-refresh-url` the element gets the DOM event `furka:changed` instead.
 *   With `data-refresh-in="30"` it is fetched anew after so many seconds as well: what it waits for may never come.
 */

const texts = JSON.parse(document.getElementById("texts")?.textContent ?? "{}");
const MINUTE = 60, HOUR = 3600, DAY = 86400;

/** @param {string} form @param {string | number} value */
const fill = (form, value) => form.replace("%s", String(value));

/**
 * How long, in words; null where the server's words are kept. After a preposition German says it differently.
 * @param {number} seconds @param {boolean} after
 */
export function span(seconds, after = false) {
  const left = Math.max(0, seconds);
  const two = (first, count, form) => (count ? `${first} ${fill(form, count)}` : first);
  if (left < MINUTE) return fill(texts.second, Math.floor(left));
  if (left < HOUR) return fill(texts.minute, Math.floor(left / MINUTE));
  if (left < DAY) {
    return two(fill(texts.hour, Math.floor(left / HOUR)), Math.floor((left % HOUR) / MINUTE), texts.minute);
  }
  if (left >= 60 * DAY) return null;
  const days = Math.floor(left / DAY);
  const [one, many] = after ? [texts.afterDay, texts.afterDays] : [texts.day, texts.days];
  return two(fill(days === 1 ? one : many, days), days < 3 ? Math.floor((left % DAY) / HOUR) : 0, texts.hour);
}

/** When elements that wait for something give it up, in milliseconds of the page. @type {WeakMap<Element, number>} */
const dueAt = new WeakMap();

/** Fetch anew what has waited for long enough. */
function giveUp() {
  for (const element of document.querySelectorAll("[data-refresh-in]")) {
    const due = dueAt.get(element);
    if (due === undefined) dueAt.set(element, performance.now() + 1000 * Number(element.dataset.refreshIn));
    else if (performance.now() >= due) {
      dueAt.set(element, Infinity); // once; what comes instead is another element
      refresh(element);
    }
  }
}

/** Bring every text about time up to date. */
function age() {
  const now = Date.now() / 1000;
  for (const element of document.querySelectorAll("time[data-age]")) {
    const at = Date.parse(element.dateTime) / 1000;
    const kind = element.dataset.age;
    const forward = kind === "remaining" || kind === "upcoming";
    const text = span(forward ? at - now : now - at, kind !== "remaining");
    const said = kind === "remaining" && at <= now ? texts.ended : text === null ? null : fill(texts[kind], text);
    if (said !== null && element.textContent !== said) element.textContent = said;
  }
  for (const bar of document.querySelectorAll("[data-timebar]")) {
    const start = Date.parse(bar.dataset.start) / 1000, end = Date.parse(bar.dataset.end) / 1000;
    const meter = bar.querySelector("progress");
    if (!meter) continue;
    meter.value = end > start ? 1000 * Math.min(1, Math.max(0, (now - start) / (end - start))) : 1000;
    meter.classList.toggle("meter-soon", end - now < Math.min(HOUR, (end - start) / 10));
  }
}

/** One connection per stream, for as long as an element on the visible page wants it. @type {Map<string, EventSource>} */
const streams = new Map();
/** Elements whose refresh waits until nobody types in them. @type {Set<Element>} */
const waiting = new Set();
let lostTimer = 0;

/** Whether somebody is in the middle of something there, which a refresh would take away. @param {Element} element */
function isBusy(element) {
  const typing = element.contains(document.activeElement) && document.activeElement.matches("input, select, textarea");
  return typing || element.querySelector("dialog[open], :popover-open, details[data-menu][open], input.tick:checked") !== null;
}

/** @param {Element} element */
function refresh(element) {
  if (!element.isConnected) return;
  const url = element.dataset.refreshUrl;
  if (!url) {
    element.dispatchEvent(new CustomEvent("furka:changed", { bubbles: true }));
    return;
  }
  if (isBusy(element)) {
    waiting.add(element);
    return;
  }
  waiting.delete(element);
  window.htmx.ajax("GET", url, { source: element, target: element, swap: "outerHTML" });
}

/** @param {string} url */
function refreshAll(url) {
  for (const element of document.querySelectorAll("[data-live]")) {
    if (element.dataset.live === url) refresh(element);
  }
}

/** Say that what is seen may be old, if the connection does not come back soon; or that it is back. @param {boolean} isLost */
function say(isLost) {
  const place = document.getElementById("lost");
  window.clearTimeout(lostTimer);
  if (!place) return;
  if (isLost) lostTimer = window.setTimeout(() => { place.hidden = false; }, 3000);
  else place.hidden = true;
}

/** @param {string} url */
function connect(url) {
  const stream = new EventSource(url);
  let wasOpen = false;
  stream.onopen = () => {
    say(false);
    if (wasOpen) refreshAll(url); // something may have happened meanwhile
    wasOpen = true;
  };
  stream.onerror = () => {
    say(true);
    if (stream.readyState !== EventSource.CLOSED) return;
    streams.delete(url); // the browser gave up; look again in a while
    window.setTimeout(follow, 10000);
  };
  stream.onmessage = () => refreshAll(url);
  stream.addEventListener("change", () => refreshAll(url));
  stream.addEventListener("end", () => location.reload());
  streams.set(url, stream);
}

/** Connect to what the page wants, and leave what it no longer wants. */
function follow() {
  const wanted = new Set();
  if (!document.hidden) for (const element of document.querySelectorAll("[data-live]")) wanted.add(element.dataset.live);
  for (const [url, stream] of streams) {
    if (wanted.has(url)) continue;
    stream.close();
    streams.delete(url);
  }
  for (const url of wanted) if (!streams.has(url)) connect(url);
}

document.addEventListener("visibilitychange", () => {
  const before = new Set(streams.keys());
  follow();
  age();
  if (document.hidden) return;
  for (const url of streams.keys()) if (!before.has(url)) refreshAll(url);
});
document.addEventListener("change", () => window.setTimeout(() => waiting.forEach(refresh), 200));
document.addEventListener("focusout", () => window.setTimeout(() => waiting.forEach(refresh), 200));
document.addEventListener("toggle", () => waiting.forEach(refresh), true);
document.body.addEventListener("htmx:beforeSwap", (event) => {
  const element = event.detail.target;
  if (event.detail.requestConfig?.elt?.dataset?.live === undefined || !isBusy(element)) return;
  event.detail.shouldSwap = false; // they began while the answer was on its way: it is asked for again when they are done
  waiting.add(element);
});
document.body.addEventListener("htmx:load", () => { follow(); age(); });
document.body.addEventListener("htmx:afterSwap", (event) => {
  const shown = event.detail.elt;
  if (event.detail.requestConfig?.elt?.dataset?.live === undefined || !(shown instanceof Element)) return;
  shown.classList.remove("changed");
  window.requestAnimationFrame(() => shown.classList.add("changed"));
});
window.addEventListener("pagehide", () => { for (const stream of streams.values()) stream.close(); streams.clear(); });
window.addEventListener("pageshow", (event) => { if (event.persisted) follow(); });
window.setInterval(() => { age(); giveUp(); }, 1000);
age();
giveUp();
follow();
