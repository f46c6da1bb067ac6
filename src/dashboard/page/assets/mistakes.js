// What a run gets wrong: a confusion matrix, and the examples of the cell that somebody clicks on.

import { get } from "./api.js";
import { count, h, say } from "./dom.js";

const PAGE = 25;

export class Mistakes {
  constructor(folder) {
    this.folder = folder;
    this.matrix = h("div", {}, h("p", { class: "muted" }, "Counting …"));
    this.title = h("h3", { tabindex: "-1" });
    this.list = h("ol", { class: "examples" });
    this.note = h("p", { class: "muted", role: "status" });
    this.more = h("button", { type: "button", class: "action", hidden: true, onclick: () => this.next() }, "More");
    this.all = h("button", { type: "button", class: "action", hidden: true, onclick: () => this.show({}) }, "All mistakes");
    this.element = h("section", { "aria-label": "Mistakes" }, h("h2", {}, "What it gets wrong"), this.matrix, this.title, this.note, this.list, h("div", { class: "tools" }, this.more, this.all));
    this.count();
    this.show({});
  }

  async count() {
    let told;
    try { told = await get(`${this.folder}/confusion`); } catch (error) { return this.matrix.replaceChildren(h("p", { class: "muted" }, error.message)); }
    const { classes, rows, test } = told;
    const cell = (value, row, label, predicted) => {
      const total = rows[label].reduce((sum, each) => sum + each, 0);
      const share = total ? value / total : 0;
      const button = h("button", { type: "button", class: label === predicted ? "right" : "wrong", "aria-label": `${count(value, "example")} of ${classes[label]} taken for ${classes[predicted]}`, onclick: () => this.show({ label, predicted }, true) }, value);
      button.style.setProperty("--share", `${Math.round(share * 100)}%`);
      return h("td", {}, button);
    };
    this.matrix.replaceChildren(h("div", { class: "scroll" }, h("table", { class: "matrix" },
      h("caption", {}, `Rows: the true class; columns: what the run says, on the ${test ? "test" : "evaluation"} examples at its best epoch. A number shows its examples.`),
      h("thead", {}, h("tr", {}, h("th", { scope: "col" }, "true ╲ said"), classes.map((name) => h("th", { scope: "col" }, name)))),
      h("tbody", {}, rows.map((row, label) => h("tr", {}, h("th", { scope: "row" }, classes[label]), row.map((value, predicted) => cell(value, row, label, predicted))))))));
    return undefined;
  }

  show(which, focus = false) {
    this.which = which;
    this.from = 0;
    this.list.replaceChildren();
    this.all.hidden = which.label === undefined;
    if (focus) this.title.focus();
    this.next();
  }

  async next() {
    const which = this.which;
    const query = new URLSearchParams({ ...which, from: this.from, count: PAGE });
    let told;
    try { told = await get(`${this.folder}/predictions?${query}`); } catch (error) { return say(this.note, error.message); }
    if (which !== this.which) return undefined;
    const { classes, rows, total, no_texts: noTexts } = told;
    this.from += rows.length;
    const what = which.label === undefined ? "All mistakes" : `${classes[which.label]} taken for ${classes[which.predicted]}`;
    say(this.title, `${what}: ${count(total, "example")}, the surest first`);
    say(this.note, noTexts ? `Without texts: ${noTexts}.` : "");
    this.more.hidden = this.from >= total;
    this.list.append(...rows.map(([example, label, predicted, confidence, text]) => h("li", {},
      h("p", { class: "muted" }, `row ${example}: ${classes[label]}, taken for `, h("strong", {}, classes[predicted]), confidence === null ? "" : ` with ${(confidence * 100).toFixed(0)} %`),
      text !== null && h("p", { class: "example", dir: "auto" }, text))));
    return undefined;
  }
}
