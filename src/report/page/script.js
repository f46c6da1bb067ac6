"use strict";
(() => {
  const table = document.getElementById("runs-table");
  if (!table) return;
  const body = table.tBodies[0];
  const rows = Array.from(body.rows);
  const text = document.getElementById("filter-text");
  const state = document.getElementById("filter-state");
  const count = document.getElementById("filter-count");
  const data = JSON.parse(document.getElementById("run-parameters").textContent);
  const searchable = rows.map((row) => row.textContent.toLowerCase());

  const closeAll = () => {
    for (const open of body.querySelectorAll("tr.details")) open.remove();
    for (const button of body.querySelectorAll("button.open")) button.setAttribute("aria-expanded", "false");
  };

  const filter = () => {
    closeAll();
    const words = text.value.toLowerCase().split(/\s+/).filter(Boolean);
    let shown = 0;
    rows.forEach((row, i) => {
      const fits = words.every((word) => searchable[i].includes(word)) && (!state.value || row.dataset.state === state.value);
      row.hidden = !fits;
      if (fits) shown += 1;
    });
    count.textContent = shown === rows.length ? `${rows.length} ${rows.length === 1 ? "run" : "runs"}` : `${shown} of ${rows.length} runs`;
  };

  const keyOf = (row, column) => {
    const cell = row.cells[column];
    return cell.dataset.value === undefined ? cell.textContent.trim() : cell.dataset.value;
  };

  // Empty cells come last in either direction.
  const compare = (column, numeric, direction) => (a, b) => {
    const [x, y] = [keyOf(a, column), keyOf(b, column)];
    if (x === "" || y === "") return x === y ? 0 : x === "" ? 1 : -1;
    const order = numeric ? Number(x) - Number(y) : x.localeCompare(y, undefined, { numeric: true });
    return direction * order;
  };

  const sort = (header) => {
    closeAll();
    const direction = header.getAttribute("aria-sort") === "ascending" ? -1 : 1;
    for (const other of table.tHead.rows[0].cells) other.removeAttribute("aria-sort");
    header.setAttribute("aria-sort", direction === 1 ? "ascending" : "descending");
    const sorted = rows.slice().sort(compare(header.cellIndex, header.dataset.numeric === "true", direction));
    body.append(...sorted);
  };

  const element = (tag, content) => {
    const made = document.createElement(tag);
    if (content !== undefined) made.textContent = content;
    return made;
  };

  const parameters = (index) => {
    const made = element("table");
    const head = made.createTHead().insertRow();
    const titles = data.base ? ["Parameter", "This run", "Baseline"] : ["Parameter", "This run"];
    for (const title of titles) {
      const cell = element("th", title);
      cell.scope = "col";
      head.append(cell);
    }
    const own = data.runs[index];
    const into = made.createTBody();
    data.names.forEach((name, place) => {
      const row = into.insertRow();
      const header = element("th", name);
      header.scope = "row";
      const value = data.values[own[place]];
      row.append(header, element("td", value));
      if (data.base) {
        const base = data.values[data.base[place]];
        row.append(element("td", base));
        if (base !== value && name !== "seed") row.className = "changed";
      }
    });
    return made;
  };

  const toggle = (button) => {
    const row = button.closest("tr");
    const open = button.getAttribute("aria-expanded") === "true";
    closeAll();
    if (open) return;
    button.setAttribute("aria-expanded", "true");
    const details = element("tr");
    details.className = "details";
    const cell = element("td");
    cell.colSpan = row.cells.length;
    cell.append(parameters(Number(row.dataset.index)));
    details.append(cell);
    row.after(details);
  };

  table.tHead.addEventListener("click", (event) => {
    const button = event.target.closest("button");
    if (button) sort(button.closest("th"));
  });
  body.addEventListener("click", (event) => {
    const button = event.target.closest("button.open");
    if (button) toggle(button);
  });
  text.addEventListener("input", filter);
  state.addEventListener("change", filter);
  filter();
})();
