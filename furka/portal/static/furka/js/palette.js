/**
 * The palette: one field over everything that the person may see and do. Ctrl/⌘ K, `/` and every `[data-palette]` open
 * it; arrow keys choose, Enter goes there. Without this script the same link leads to the page of the search.
 */

const dialog = document.getElementById("palette");
const field = dialog?.querySelector("input[type=search]");
const list = document.getElementById("palette-list");

/** @returns {HTMLAnchorElement[]} what can be chosen */
const options = () => [...list.querySelectorAll("[role=option]")];

/** @param {number} index the option that Enter follows */
function choose(index) {
  const all = options();
  all.forEach((option, at) => option.setAttribute("aria-selected", String(at === index)));
  const chosen = all[index];
  if (chosen) {
    field.setAttribute("aria-activedescendant", chosen.id);
    chosen.scrollIntoView({ block: "nearest" });
  } else {
    field.removeAttribute("aria-activedescendant");
  }
}

function open() {
  if (dialog.open || document.querySelector("dialog:modal")) return;
  dialog.showModal();
  field.select();
  field.dispatchEvent(new Event("palette"));
}

if (dialog instanceof HTMLDialogElement && field instanceof HTMLInputElement) {
  document.addEventListener("click", (event) => {
    if (event.target instanceof Element && event.target.closest("[data-palette]")) {
      event.preventDefault();
      open();
    }
  });
  document.addEventListener("keydown", (event) => {
    const target = event.target;
    const typing = target instanceof Element && target.matches("input, textarea, select, [contenteditable]");
    const wanted = (event.key.toLowerCase() === "k" && (event.ctrlKey || event.metaKey)) || (event.key === "/" && !typing);
    if (!wanted) return;
    event.preventDefault();
    open();
  });
  field.addEventListener("keydown", (event) => {
    const all = options();
    const at = all.findIndex((option) => option.getAttribute("aria-selected") === "true");
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      const step = event.key === "ArrowDown" ? 1 : -1;
      if (all.length) choose((at + step + all.length) % all.length);
    } else if (event.key === "Escape") {
      event.preventDefault(); // the browser would only empty the field
      dialog.close();
    } else if (event.key === "Enter" && all[at]) {
      event.preventDefault();
      all[at].click();
    }
  });
  list.addEventListener("htmx:afterSwap", () => {
    const all = options();
    choose(all.length ? 0 : -1);
    dialog.querySelector("[data-palette-count]").textContent =
      all.length ? String(all.length) : list.textContent.trim();
  });
}
