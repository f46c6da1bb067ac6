// Elements, and values as people read them. Texts become text nodes: nothing that a name or a log holds is ever markup.

export const h = (tag, attributes = {}, ...children) => {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === undefined || value === null || (value === false && !name.startsWith("aria-"))) continue;
    if (name.startsWith("on")) made.addEventListener(name.slice(2), value);
    else if (name === "class") made.className = value;
    else if (name in made && (name === "value" || name === "checked" || name === "disabled" || name === "hidden")) made[name] = value;
    // What is false is said, too.
    else if (name.startsWith("aria-")) made.setAttribute(name, String(value));
    else made.setAttribute(name, value === true ? "" : value);
  }
  made.append(...children.flat().filter((child) => child !== undefined && child !== null && child !== false));
  return made;
};

// Sets a text only where it is another one, so that what somebody has selected stays.
export const say = (element, text) => {
  if (element.textContent !== text) element.textContent = text;
};

// For screen readers.
export const announce = (text) => say(document.getElementById("said"), text);

const NONE = "–";

export const count = (value, noun) => `${value.toLocaleString("en")} ${noun}${value === 1 ? "" : "s"}`;

export const number = (value, digits = 4) => {
  if (value === null || value === undefined) return NONE;
  const size = Math.abs(value);
  if (size !== 0 && (size < 1e-3 || size >= 1e6)) return value.toExponential(2);
  return Number(value.toPrecision(digits)).toString();
};

// By the scale of a curve: shares in percent.
export const figure = (value, scale) => {
  if (value === null || value === undefined) return NONE;
  if (scale === "share") return `${(value * 100).toFixed(1)} %`;
  if (scale === "loss") return value.toFixed(3);
  return number(value);
};

export const duration = (seconds) => {
  if (seconds === null || seconds === undefined) return NONE;
  const whole = Math.round(seconds);
  if (whole < 60) return `${whole} s`;
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${whole % 60} s`;
  if (whole < 86400) return `${Math.floor(whole / 3600)} h ${Math.floor((whole % 3600) / 60)} min`;
  return `${Math.floor(whole / 86400)} d ${Math.floor((whole % 86400) / 3600)} h`;
};

export const bytes = (value) => {
  if (value === null || value === undefined) return NONE;
  const units = ["B", "KiB", "MiB", "GiB", "TiB"];
  const place = Math.min(units.length - 1, Math.floor(Math.log2(Math.max(1, value)) / 10));
  return `${(value / 1024 ** place).toFixed(place < 2 ? 0 : 1)} ${units[place]}`;
};

export const stateChip = (state) => h("span", { class: `chip state-${state}` }, state);

// A list of names and values.
export const facts = (pairs) =>
  h("dl", { class: "pairs" }, pairs.filter(([, value]) => value !== null && value !== undefined && value !== NONE)
    .map(([name, value]) => h("div", {}, h("dt", {}, name), h("dd", {}, value instanceof Node ? value : String(value)))));

// A table that scrolls sideways by itself.
export const table = (name, caption, head, rows, kind = "") =>
  h("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": `${name}, scrollable` },
    h("table", { class: kind }, caption && h("caption", {}, caption),
      h("thead", {}, h("tr", {}, head.map((cell) => cell instanceof Node ? cell : h("th", { scope: "col" }, cell)))),
      h("tbody", {}, rows)));

// Tells at most once per frame.
export const oncePerFrame = (act) => {
  let due = false;
  return () => {
    if (due) return;
    due = true;
    requestAnimationFrame(() => { due = false; act(); });
  };
};
