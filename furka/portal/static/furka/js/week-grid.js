/**
 * Weekly hours, painted: `<fieldset data-week data-name="windows">` of the component `week-grid`.
 *
 * The lines of days, from and to are there before scripts have run; they give way to a grid of half hours if all they say
 * fits into one. What is painted is sent in one hidden field, as the server stores it. Mouse and finger paint by dragging
 * (the first cell decides whether it opens or closes); keys: arrows move, space or enter turns one cell, Shift paints on.
 */

const SLOTS = 48;

/** @param {string} text @returns {number | null} the half hour, counted from midnight */
function slot(text) {
  const found = /^([01]?\d|2[0-4]):([0-5]\d)$/.exec(text.trim());
  if (!found) return null;
  const minutes = Number(found[1]) * 60 + Number(found[2]);
  return minutes <= 24 * 60 && minutes % 30 === 0 ? minutes / 30 : null;
}

/** @param {number} at */
const clock = (at) => `${String(Math.floor(at / 2)).padStart(2, "0")}:${at % 2 ? "30" : "00"}`;

class Week {
  /** @param {HTMLElement} field */
  constructor(field) {
    this.field = field;
    this.lines = field.querySelector("[data-week-lines]");
    this.painted = field.querySelector("[data-week-painted]");
    this.grid = field.querySelector("[data-week-grid]");
    this.words = field.querySelector("[data-week-words]");
    this.names = [...this.grid.querySelectorAll("[data-day]")].map((row) => row.dataset.short);
    /** @type {boolean[][]} */
    this.open = this.names.map(() => Array(SLOTS).fill(false));
    /** @type {boolean | null} */
    this.brush = null;
    this.before = [0, 0];
    if (!this.read()) return;
    this.build();
    this.hidden = document.createElement("input");
    this.hidden.type = "hidden";
    this.hidden.name = field.dataset.name;
    field.append(this.hidden);
    this.lines.hidden = true;
    this.painted.hidden = false;
    this.listen();
    this.say();
  }

  /** Take over what stands in the lines; false if it does not fit into half hours. */
  read() {
    for (const line of this.lines.children) {
      const days = [...line.querySelectorAll("input[type=checkbox]:checked")].map((box) => Number(box.value));
      const [from, to] = [...line.querySelectorAll("input:not([type=checkbox])")].map((input) => input.value);
      if (days.length === 0 && !from && !to) continue;
      const begin = slot(from), end = slot(to);
      if (begin === null || end === null || days.length === 0) return false;
      for (const day of days) this.fill(day, begin, end);
    }
    return true;
  }

  /** With an end not behind the begin it runs over midnight. */
  fill(day, begin, end) {
    const length = end > begin ? end - begin : end + SLOTS - begin;
    for (let step = 0; step < length; step += 1) {
      const at = begin + step;
      this.open[(day + Math.floor(at / SLOTS)) % 7][at % SLOTS] = true;
    }
  }

  build() {
    const hours = document.createElement("div");
    hours.className = "week-hours";
    hours.setAttribute("aria-hidden", "true");
    hours.append(Object.assign(document.createElement("span"), { className: "week-name" }));
    for (let hour = 0; hour < 24; hour += 4) {
      const name = document.createElement("span");
      name.className = "week-hour";
      name.textContent = String(hour).padStart(2, "0");
      hours.append(name);
    }
    this.grid.prepend(hours);
    this.cells = [...this.grid.querySelectorAll("[data-day]")].map((row, day) => {
      const full = row.querySelector("[role=rowheader]").getAttribute("aria-label");
      return Array.from({ length: SLOTS }, (_none, at) => {
        const cell = document.createElement("span");
        cell.className = "week-cell";
        cell.setAttribute("role", "gridcell");
        cell.setAttribute("aria-label", `${full} ${clock(at)}–${clock(at + 1)}`);
        cell.dataset.at = `${day}-${at}`;
        cell.dataset.half = String(at % 2);
        cell.tabIndex = day === 0 && at === 14 ? 0 : -1;
        row.append(cell);
        return cell;
      });
    });
  }

  listen() {
    this.grid.addEventListener("pointerdown", (event) => {
      const place = this.place(event.target);
      if (!place) return;
      event.preventDefault();
      this.brush = !this.open[place[0]][place[1]];
      this.paint(place);
      this.focus(place);
      this.before = place;
    });
    this.grid.addEventListener("pointermove", (event) => {
      if (this.brush === null) return;
      const place = this.place(document.elementFromPoint(event.clientX, event.clientY));
      if (!place) return;
      this.paintBetween(this.before, place);
      this.before = place;
    });
    for (const end of ["pointerup", "pointercancel"]) window.addEventListener(end, () => { this.brush = null; });
    this.grid.addEventListener("keydown", (event) => this.key(event));
    this.field.addEventListener("click", (event) => {
      const button = event.target instanceof Element ? event.target.closest("button") : null;
      if (button?.dataset.weekSet !== undefined) this.preset(button.dataset.weekSet);
      if (button?.dataset.weekType !== undefined) this.type();
    });
  }

  /** @param {KeyboardEvent} event */
  key(event) {
    const place = this.place(event.target);
    if (!place) return;
    const narrow = window.matchMedia("(width < 48rem)").matches;
    const [along, across] = narrow ? [["ArrowUp", "ArrowDown"], ["ArrowLeft", "ArrowRight"]] : [["ArrowLeft", "ArrowRight"], ["ArrowUp", "ArrowDown"]];
    let [day, at] = place;
    if (along.includes(event.key)) at += event.key === along[0] ? -1 : 1;
    else if (across.includes(event.key)) day += event.key === across[0] ? -1 : 1;
    else if (event.key === "Home") at = 0;
    else if (event.key === "End") at = SLOTS - 1;
    else if (event.key === " " || event.key === "Enter") {
      event.preventDefault();
      this.brush = !this.open[day][at];
      this.paint(place);
      this.brush = null;
      return;
    } else return;
    event.preventDefault();
    const next = [Math.min(6, Math.max(0, day)), Math.min(SLOTS - 1, Math.max(0, at))];
    if (event.shiftKey) {
      this.brush = this.open[place[0]][place[1]];
      this.paint(next);
      this.brush = null;
    }
    this.focus(next);
  }

  /** @param {EventTarget | null} target @returns {[number, number] | null} */
  place(target) {
    const cell = target instanceof Element ? target.closest("[data-at]") : null;
    if (!cell || !this.grid.contains(cell)) return null;
    const [day, at] = cell.dataset.at.split("-").map(Number);
    return [day, at];
  }

  /** @param {number[]} place */
  focus([day, at]) {
    for (const cell of this.grid.querySelectorAll("[tabindex='0']")) cell.tabIndex = -1;
    this.cells[day][at].tabIndex = 0;
    this.cells[day][at].focus({ preventScroll: true });
  }

  /** @param {number[]} place */
  paint([day, at]) {
    if (this.open[day][at] === this.brush) return;
    this.open[day][at] = this.brush;
    this.say();
  }

  /** A quick hand skips cells: those between two places belong to it. @param {number[]} one @param {number[]} other */
  paintBetween(one, other) {
    for (let day = Math.min(one[0], other[0]); day <= Math.max(one[0], other[0]); day += 1) {
      for (let at = Math.min(one[1], other[1]); at <= Math.max(one[1], other[1]); at += 1) this.paint([day, at]);
    }
  }

  /** @param {string} text `0-4 07:00 18:00`, or nothing to clear */
  preset(text) {
    for (const day of this.open) day.fill(false);
    if (text) {
      const [days, from, to] = text.split(" ");
      const [first, last] = days.split("-").map(Number);
      for (let day = first; day <= last; day += 1) this.fill(day, slot(from), slot(to));
    }
    this.say();
  }

  /** The same as windows: days with the same hours together. */
  windows() {
    /** @type {Map<string, number[]>} */
    const found = new Map();
    this.open.forEach((day, number) => {
      for (let at = 0; at < SLOTS; at += 1) {
        if (!day[at] || (at > 0 && day[at - 1])) continue;
        let end = at;
        while (end < SLOTS && day[end]) end += 1;
        const key = `${clock(at)} ${clock(end)}`;
        found.set(key, [...(found.get(key) ?? []), number]);
      }
    });
    return [...found].map(([key, weekdays]) => {
      const [begins, ends] = key.split(" ");
      return { weekdays, begins, ends };
    });
  }

  say() {
    this.cells.forEach((day, number) => day.forEach((cell, at) => {
      cell.setAttribute("aria-selected", String(this.open[number][at]));
    }));
    const windows = this.windows();
    this.hidden.value = windows.length ? JSON.stringify(windows) : "[]";
    this.field.querySelector("[data-week-type]").hidden = windows.length > this.lines.children.length;
    this.words.textContent = windows.map((each) => this.inWords(each)).join("; ") || this.field.dataset.always;
  }

  inWords({ weekdays, begins, ends }) {
    /** @type {number[][]} */
    const runs = [];
    for (const day of weekdays) {
      const run = runs.at(-1);
      if (run && run.at(-1) === day - 1) run.push(day);
      else runs.push([day]);
    }
    const names = runs.map((run) => {
      const [first, last] = [this.names[run[0]], this.names[run.at(-1)]];
      return run.length === 1 ? first : `${first}${run.length > 2 ? "–" : ", "}${last}`;
    });
    return `${names.join(", ")} ${begins}–${ends}`;
  }

  /** Back to the lines, with what was painted if there is room for it. */
  type() {
    const windows = this.windows();
    const lines = [...this.lines.children];
    if (windows.length <= lines.length) {
      lines.forEach((line, number) => {
        const each = windows[number];
        for (const box of line.querySelectorAll("input[type=checkbox]")) {
          box.checked = each?.weekdays.includes(Number(box.value)) ?? false;
        }
        const [from, to] = line.querySelectorAll("input:not([type=checkbox])");
        from.value = each?.begins ?? "";
        to.value = each?.ends ?? "";
      });
    }
    this.hidden.remove();
    this.painted.hidden = true;
    this.lines.hidden = false;
    this.lines.querySelector("input")?.focus();
  }
}

for (const field of document.querySelectorAll("[data-week]")) new Week(field);
