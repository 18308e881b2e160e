/**
 * Behaviour of the frame and of the components that every page may use. Everything works by delegation on the document,
 * so that parts which come later (htmx) need no set-up:
 *
 * - `<details data-menu>`: closes on a click beside it and on Escape; only one is open
 * - `<button data-opens="ID">`: opens the dialog with that id as a modal one; `data-close` closes the one around it
 * - `<input data-must-be="TEXT">`: the form of a destructive dialog can be sent only when the text was typed
 * - `<button data-copy="TEXT">`, `<button data-copy-from="SELECTOR">`: copies a text, or that of the element beside it
 * - `<button data-dismiss>`: takes the notice around it away
 * - `<button data-show-password>`: shows what was typed in the password field beside it
 * - `<a data-sheet="ID">`: shows the rail as a sheet (phone)
 * - `<button data-tree="KEY">`: opens and closes an element of the tree, and remembers which are open
 * - `<table>` with `<input class="tick" data-all>`: ticks all rows; `[data-bulk]` is shown when one is ticked,
 *   `[data-bulk-count]` in it says how many
 * - response header `HX-Trigger: {"furka:toast": {"kind": "ok", "text": "…"}}`: shows a toast
 */

const texts = JSON.parse(document.getElementById("texts")?.textContent ?? "{}");

/** @param {string} selector @param {Event} event @returns {HTMLElement | null} the element around the event's target */
function around(selector, event) {
  return event.target instanceof Element ? event.target.closest(selector) : null;
}

/** Show a short text at the edge of the page for some seconds. @param {string} text @param {string} kind */
export function toast(text, kind = "info") {
  const place = document.getElementById("toasts");
  const form = document.getElementById("toast");
  if (!place || !(form instanceof HTMLTemplateElement)) return;
  const notice = /** @type {HTMLElement} */ (form.content.querySelector(".notice").cloneNode(true));
  notice.classList.replace("notice-info", `notice-${kind}`);
  notice.querySelector(".notice-body").textContent = text;
  place.append(notice);
  if (kind !== "bad") window.setTimeout(() => notice.remove(), 6000);
}

/** Open a dialog as a modal one. @param {string} id */
function open(id) {
  const dialog = document.getElementById(id);
  if (!(dialog instanceof HTMLDialogElement) || dialog.open) return;
  dialog.showModal();
  checkMustBe(dialog);
}

/** Let a destructive form be sent only when its text was typed. @param {ParentNode} part */
function checkMustBe(part) {
  for (const input of part.querySelectorAll("input[data-must-be]")) {
    const typed = input.value.trim() === input.dataset.mustBe.trim();
    for (const button of document.querySelectorAll(`button[form="${CSS.escape(input.form.id)}"]`)) {
      button.disabled = !typed;
    }
  }
}

/** @param {HTMLElement} button */
async function copy(button) {
  const from = button.dataset.copyFrom;
  const text = from ? button.parentElement.querySelector(from)?.textContent ?? "" : button.dataset.copy;
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    const field = Object.assign(document.createElement("textarea"), { value: text, className: "for-readers" });
    (button.closest("dialog") ?? document.body).append(field);
    field.select();
    const done = document.execCommand("copy");
    field.remove();
    if (!done) return toast(texts.failed, "bad");
  }
  toast(texts.copied, "ok");
}

/** Show the rail in its sheet; it goes back to its place when the sheet closes. @param {string} id */
function openSheet(id) {
  const sheet = document.getElementById(id);
  const rail = document.getElementById("rail");
  if (!(sheet instanceof HTMLDialogElement) || !rail) return;
  const place = rail.parentElement;
  sheet.append(rail);
  sheet.addEventListener("close", () => place.append(rail), { once: true });
  sheet.showModal();
}

const OPEN_KEY = "furka.tree";

/** @returns {Set<string>} keys of the elements of the tree that were open last */
function opened() {
  try {
    return new Set(JSON.parse(localStorage.getItem(OPEN_KEY) ?? "[]"));
  } catch {
    return new Set();
  }
}

/** @param {HTMLElement} button @param {boolean} isOpen */
function setTree(button, isOpen) {
  button.setAttribute("aria-expanded", String(isOpen));
  const below = document.getElementById(button.getAttribute("aria-controls"));
  if (below) below.hidden = !isOpen;
  const keys = opened();
  keys[isOpen ? "add" : "delete"](button.dataset.tree);
  try {
    localStorage.setItem(OPEN_KEY, JSON.stringify([...keys].slice(-200)));
  } catch { /* private windows may refuse; then it is not remembered */ }
}

document.addEventListener("click", (event) => {
  for (const menu of document.querySelectorAll("details[data-menu][open]")) {
    if (!menu.contains(/** @type {Node} */ (event.target))) menu.open = false;
  }
  const button = around("button, a", event);
  if (!button) return;
  const data = button.dataset;
  if (data.opens !== undefined) {
    event.preventDefault();
    open(data.opens);
  } else if (data.close !== undefined) {
    event.preventDefault();
    button.closest("dialog")?.close();
  } else if (data.copy !== undefined || data.copyFrom !== undefined) {
    copy(button);
  } else if (data.dismiss !== undefined) {
    button.closest(".notice")?.remove();
  } else if (data.sheet !== undefined) {
    event.preventDefault();
    openSheet(data.sheet);
  } else if (data.tree !== undefined) {
    setTree(button, button.getAttribute("aria-expanded") !== "true");
  } else if (data.showPassword !== undefined) {
    const field = button.parentElement.querySelector("input");
    const shown = field.type === "password";
    field.type = shown ? "text" : "password";
    button.setAttribute("aria-pressed", String(shown));
  }
});

document.addEventListener("click", (event) => {
  if (event.target instanceof HTMLDialogElement && event.target.open) event.target.close();
});

document.addEventListener("input", (event) => {
  const field = around("input[data-must-be]", event);
  if (field) checkMustBe(field.form);
});

document.addEventListener("change", (event) => {
  const all = around("input[data-all]", event);
  const table = around("table", event);
  if (!table || !around("input.tick", event)) return;
  const rows = [...table.querySelectorAll("tbody input.tick")];
  if (all) for (const row of rows) row.checked = all.checked;
  const count = rows.filter((row) => row.checked).length;
  for (const bulk of (table.closest("form, .panel") ?? document).querySelectorAll("[data-bulk]")) {
    bulk.hidden = count === 0;
    for (const place of bulk.querySelectorAll("[data-bulk-count]")) place.textContent = String(count);
  }
});

document.addEventListener("keydown", (event) => {
  if (event.key === "Escape") {
    for (const menu of document.querySelectorAll("details[data-menu][open]")) {
      menu.open = false;
      menu.querySelector("summary")?.focus();
    }
    return;
  }
  if (event.key === "ArrowDown" || event.key === "ArrowUp") {
    const place = around(".menu", event);
    if (!place || (event.target instanceof Element && event.target.matches("input, textarea, select"))) return;
    const stops = [...place.querySelectorAll(".menu-list a, .menu-list button")];
    const step = event.key === "ArrowDown" ? 1 : -1;
    const next = stops[stops.indexOf(document.activeElement) + step];
    if (next) {
      event.preventDefault();
      next.focus();
    }
  }
});

document.addEventListener("toggle", (event) => {
  const menu = event.target;
  if (!(menu instanceof HTMLDetailsElement) || !menu.matches("[data-menu]") || !menu.open) return;
  for (const other of document.querySelectorAll("details[data-menu][open]")) {
    if (other !== menu) other.open = false;
  }
}, true);

document.body.addEventListener("furka:toast", (event) => toast(event.detail.text, event.detail.kind));
document.body.addEventListener("htmx:sendError", () => toast(texts.offline, "bad"));
document.body.addEventListener("htmx:responseError", (event) => {
  const status = event.detail.xhr.status;
  if (event.detail.xhr.getResponseHeader("HX-Trigger")) return; // the answer says itself what is wrong
  toast(status === 403 || status === 404 ? texts.refused : texts.failed, "bad");
});

/** Small things that are set up once, for the page and for parts that come later. @param {ParentNode} part */
function settle(part) {
  const wrong = part.querySelector("[data-focus]");
  if (wrong instanceof HTMLElement) wrong.focus();
  for (const tabs of part.querySelectorAll(".tabs")) {
    const here = tabs.querySelector("[aria-current]");
    if (here instanceof HTMLElement) tabs.scrollLeft = here.offsetLeft - (tabs.clientWidth - here.offsetWidth) / 2;
  }
  for (const bulk of part.querySelectorAll("[data-bulk]")) {
    bulk.hidden = bulk.closest("form, .panel")?.querySelector("tbody input.tick:checked") === null;
  }
  const keys = opened();
  for (const button of part.querySelectorAll("button[data-tree][aria-expanded=false]")) {
    if (!keys.has(button.dataset.tree)) continue;
    if (button.hasAttribute("hx-get")) button.click();
    else setTree(button, true);
  }
}

document.body.addEventListener("htmx:load", (event) => {
  if (event.target !== document.body) settle(event.target);
});
if (/Mac|iP(hone|ad)/.test(navigator.platform)) {
  for (const key of document.querySelectorAll("[data-search-key]")) key.textContent = "⌘ K";
}
settle(document);
