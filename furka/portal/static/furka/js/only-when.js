/**
 * Shows a part of a form only while a certain choice is made: `<div data-only-when="ends=moment">…</div>`.
 *
 * Without scripts the part is always there; what stands in it while another choice is made does not count.
 */

/** @param {HTMLElement} part @param {boolean} byHand */
function show(part, byHand) {
  const [name, value] = part.dataset.onlyWhen.split("=");
  const form = part.closest("form");
  const chosen = form?.querySelector(`input[name="${CSS.escape(name)}"]:checked`);
  const wanted = chosen instanceof HTMLInputElement && chosen.value === value;
  const appears = wanted && part.hidden;
  part.hidden = !wanted;
  if (appears && byHand) part.querySelector("input, select, textarea")?.focus();
}

document.addEventListener("change", (event) => {
  if (!(event.target instanceof HTMLInputElement) || !["radio", "checkbox"].includes(event.target.type)) return;
  for (const part of event.target.form?.querySelectorAll("[data-only-when]") ?? []) show(part, true);
});

function showAll() {
  for (const part of document.querySelectorAll("[data-only-when]")) show(part, false);
}
window.addEventListener("pageshow", showAll); // browsers put back what was chosen before the page was left
showAll();
