// The table of runs. Only the rows in sight are in the document, so thousands of runs cost no more than thirty.

import { bytes, duration, figure, h, number, stateChip } from "./dom.js";
import { Actions } from "./requests.js";

const ROW = 36;
const SPARE = 8;

// The columns: a heading, what sorts, and what is shown of a run and of a configuration.
const columns = (sweep, withParameters) => {
  const { plan } = sweep;
  const value = (name) => (place) => sweep.value(place, name);
  const numeric = (title, key, show, small = false) => ({ title, key, show: (place) => show(key(place), place), numeric: true, small });
  const metrics = plan.columns.filter((name) => name.startsWith("metric:") || name.startsWith("test:")).map((column) => {
    const [kind, name] = column.split(":");
    const curve = sweep.curveOf.get(name);
    const title = kind === "test" ? `Test: ${curve.title.toLowerCase()}` : curve.title;
    return { ...numeric(title, value(column), (x) => figure(x, curve.scale)), column, scale: curve.scale };
  });
  const first = metrics.findIndex((metric) => metric.column === `metric:${plan.ranking}`);
  if (first > 0) metrics.unshift(...metrics.splice(first, 1));
  const parameters = withParameters
    ? plan.parameters.map(({ name }, at) => ({ title: name, key: (place) => sweep.parameter(place, at), show: (place) => sweep.parameter(place, at) }))
    : [];
  return [
    { title: "Run", key: (place) => sweep.label(place), name: true },
    { title: "State", key: (place) => sweep.state(place), show: (place) => stateChip(sweep.state(place)) },
    ...parameters,
    numeric("Epoch", value("epochs"), (x, place) => `${x} / ${sweep.plannedEpochs(place)}`),
    ...metrics,
    numeric("Best epoch", value("best_epoch"), (x) => number(x)),
    numeric("Time", value("seconds"), (x) => (x ? duration(x) : "–")),
    numeric("Left", value("left"), duration),
    numeric("Examples/s", value("speed"), (x) => number(x, 4)),
    numeric("Memory", value("memory"), bytes),
    { title: "Device", key: (place) => sweep.text(place, "device") ?? "", show: (place) => sweep.text(place, "device") ?? "–" },
  ];
};

export class RunTable {
  // `shown` says which runs, and whether they are grouped; `onChosen` is called when the choice changes. `kept` is what stays of the
  // table when it is made again: its columns, how it is sorted and scrolled, the active row, the open groups.
  constructor(sweep, shown, onChosen, readOnly, kept) {
    Object.assign(this, { sweep, shown, onChosen, kept });
    // Labels of several parameters are too long to tell runs apart by.
    kept.withParameters ??= innerWidth > 700 && sweep.plan.configurations.some((name) => name.length > 44);
    this.head = h("tr");
    this.body = h("tbody");
    this.grid = h("table", { role: "grid", class: "runs", "aria-label": "Runs: arrow keys move, Enter opens, Space chooses" }, h("thead", {}, this.head), this.body);
    this.window = h("div", { class: "scroll window", tabindex: "-1" }, this.grid);
    this.window.addEventListener("scroll", () => { this.kept.top = this.window.scrollTop; this.paint(); }, { passive: true });
    this.body.addEventListener("keydown", (event) => this.key(event));
    this.body.addEventListener("click", (event) => this.click(event));
    this.parameters = h("input", { type: "checkbox", checked: this.kept.withParameters, onchange: () => { this.kept.withParameters = this.parameters.checked; this.setColumns(); this.update(); } });
    this.actions = new Actions(sweep, () => [...sweep.chosen], readOnly);
    this.element = h("section", { "aria-label": "All runs" }, shown.tools,
      h("label", { class: "check" }, this.parameters, "Columns of parameters"), this.actions.element, this.window,
      h("p", { class: "muted keys" }, "Keys: ↑ ↓ move, Enter opens, Space chooses for comparison, → ← open and close a group."));
    this.setColumns();
  }

  setColumns() {
    this.grid.classList.toggle("narrow", this.kept.withParameters);
    this.columns = columns(this.sweep, this.kept.withParameters);
    const heading = (column) => h("th", { scope: "col", class: column.numeric ? "number" : "", role: "columnheader" },
      h("button", { type: "button", onclick: () => this.sortBy(column) }, column.title));
    this.head.replaceChildren(h("th", { scope: "col", class: "choose" }, h("span", { class: "hidden" }, "Chosen")), ...this.columns.map(heading));
    if (this.kept.sort && !this.sorting()) this.kept.sort = null;
    this.markSorting();
  }

  // The column that sorts.
  sorting() { return this.columns.find((column) => column.title === this.kept.sort?.title); }

  markSorting() {
    const sorting = this.columns.indexOf(this.sorting());
    [...this.head.cells].forEach((cell, at) => {
      if (sorting >= 0 && at === sorting + 1) cell.setAttribute("aria-sort", this.kept.sort.down ? "descending" : "ascending");
      else cell.removeAttribute("aria-sort");
    });
  }

  sortBy({ title, numeric }) {
    const down = this.kept.sort?.title === title ? !this.kept.sort.down : Boolean(numeric);
    this.kept.sort = { title, down };
    this.markSorting();
    this.update();
  }

  // What has no value comes last in either direction.
  order(items, key) {
    if (!this.kept.sort) return items;
    const sign = this.kept.sort.down ? -1 : 1;
    const keyed = items.map((item) => [key(item), item]);
    const none = (value) => value === null || value === undefined || value === "";
    keyed.sort(([a], [b]) => {
      if (none(a) || none(b)) return none(a) - none(b);
      return sign * (typeof a === "number" && typeof b === "number" ? a - b : String(a).localeCompare(String(b), undefined, { numeric: true }));
    });
    return keyed.map(([, item]) => item);
  }

  // Rows as `{ place }` of a run, or `{ group, places }`.
  rows() {
    const places = this.shown.places();
    const column = this.sorting();
    if (!this.shown.grouped()) return this.order(places, (place) => column.key(place)).map((place) => ({ place }));
    const groups = new Map();
    for (const place of places) {
      const key = this.sweep.configuration(place);
      if (!groups.has(key)) groups.set(key, { group: key, places: [] });
      groups.get(key).places.push(place);
    }
    const keyOf = (row) => (column.column ? this.sweep.summary(row.places, column.column)?.mean ?? null : column.key(row.places[0]));
    const sorted = this.order([...groups.values()], keyOf);
    return sorted.flatMap((row) => this.kept.open.has(row.group) ? [row, ...row.places.map((place) => ({ place, inside: true }))] : [row]);
  }

  update() {
    this.actions.update();
    this.all = this.rows();
    this.kept.active = Math.min(this.kept.active, Math.max(0, this.all.length - 1));
    this.grid.setAttribute("aria-rowcount", this.all.length + 1);
    this.paint(true);
    if (this.isScrolled) return;
    this.isScrolled = true;
    this.window.scrollTop = this.kept.top;
  }

  // Draws the rows in sight.
  paint(always = false) {
    if (!this.all) return;
    const height = this.window.clientHeight || 600;
    const first = Math.max(0, Math.min(Math.floor(this.window.scrollTop / ROW) - SPARE, this.all.length - 1));
    const last = Math.min(this.all.length, first + Math.ceil(height / ROW) + 2 * SPARE);
    if (!always && this.first === first && this.last === last) return;
    Object.assign(this, { first, last });
    const hadFocus = this.body.contains(document.activeElement);
    const spacer = (rows) => {
      const row = h("tr", { class: "spacer", "aria-hidden": "true" });
      row.style.height = `${rows * ROW}px`;
      return row;
    };
    const shown = this.all.slice(first, last).map((row, at) => this.row(row, first + at));
    this.body.replaceChildren(spacer(first), ...shown, spacer(this.all.length - last));
    if (hadFocus) this.focusActive();
  }

  row(row, at) {
    const isGroup = row.group !== undefined;
    const places = isGroup ? row.places : [row.place];
    const chosen = places.every((place) => this.sweep.chosen.has(place));
    const name = isGroup ? `${this.kept.open.has(row.group) ? "▾" : "▸"} ${this.sweep.plan.configurations[row.group]}` : this.sweep.label(row.place);
    const cells = this.columns.map((column) => {
      if (column.name) {
        const label = isGroup ? name : h("a", { href: this.address(row.place), tabindex: "-1" }, name);
        return h("th", { scope: "row", class: row.inside ? "name inside" : "name", title: name }, label, isGroup && h("span", { class: "muted" }, ` × ${row.places.length}`));
      }
      return h("td", { class: column.numeric ? "number" : "" }, isGroup ? this.ofGroup(column, row.places) : column.show(row.place));
    });
    const box = h("input", { type: "checkbox", tabindex: "-1", checked: chosen, "aria-label": `Choose ${name}` });
    return h("tr", { "aria-rowindex": at + 2, "data-at": at, tabindex: at === this.kept.active ? "0" : "-1", "aria-selected": chosen, class: isGroup ? "group" : "", "aria-expanded": isGroup ? String(this.kept.open.has(row.group)) : undefined },
      h("td", { class: "choose" }, box), ...cells);
  }

  ofGroup(column, places) {
    if (column.title === "State") {
      const counts = new Map();
      for (const place of places) counts.set(this.sweep.state(place), (counts.get(this.sweep.state(place)) ?? 0) + 1);
      return [...counts].map(([state, count]) => h("span", { class: `chip state-${state}` }, `${count} ${state}`));
    }
    if (column.column) {
      const found = this.sweep.summary(places, column.column);
      if (!found) return "–";
      const spread = found.deviation === null ? "" : column.scale === "share" ? ` ± ${(found.deviation * 100).toFixed(1)}` : ` ± ${column.scale === "loss" ? found.deviation.toFixed(3) : number(found.deviation, 2)}`;
      return figure(found.mean, column.scale) + spread;
    }
    if (column.title === "Time") return duration(places.reduce((sum, place) => sum + (this.sweep.value(place, "seconds") ?? 0), 0));
    if (!column.numeric && column.title !== "Device") return column.show(places[0]);
    return "";
  }

  address(place) { return `#/${encodeURIComponent(this.sweep.folder)}/run/${this.sweep.id(place)}`; }

  focusActive() { this.body.querySelector(`tr[data-at="${this.kept.active}"]`)?.focus({ preventScroll: true }); }

  move(to) {
    this.kept.active = Math.max(0, Math.min(this.all.length - 1, to));
    const top = this.kept.active * ROW;
    const room = this.window.clientHeight - 2 * ROW;
    if (top < this.window.scrollTop) this.window.scrollTop = top;
    else if (top > this.window.scrollTop + room) this.window.scrollTop = top - room;
    this.paint(true);
    this.focusActive();
  }

  choose(row) {
    const places = row.group === undefined ? [row.place] : row.places;
    const all = places.every((place) => this.sweep.chosen.has(place));
    for (const place of places) this.sweep.chosen[all ? "delete" : "add"](place);
    this.onChosen();
    this.actions.update();
    this.paint(true);
  }

  expand(row, open) {
    if (row.group === undefined || this.kept.open.has(row.group) === open) return;
    this.kept.open[open ? "add" : "delete"](row.group);
    this.update();
    this.focusActive();
  }

  openRow(row) {
    if (row.group === undefined) location.hash = this.address(row.place);
    else this.expand(row, !this.kept.open.has(row.group));
  }

  key(event) {
    const page = Math.max(1, Math.floor(this.window.clientHeight / ROW) - 2);
    const row = this.all[this.kept.active];
    const moves = { ArrowDown: 1, ArrowUp: -1, PageDown: page, PageUp: -page, Home: -Infinity, End: Infinity };
    if (event.key in moves) this.move(this.kept.active + moves[event.key]);
    else if (event.key === "Enter") this.openRow(row);
    else if (event.key === " ") this.choose(row);
    else if (event.key === "ArrowRight") this.expand(row, true);
    else if (event.key === "ArrowLeft") this.expand(row, false);
    else return;
    event.preventDefault();
  }

  click(event) {
    const line = event.target.closest("tr[data-at]");
    if (!line || event.target.closest("a")) return;
    this.kept.active = Number(line.dataset.at);
    const row = this.all[this.kept.active];
    if (event.target.closest(".choose")) this.choose(row);
    else this.openRow(row);
  }
}
