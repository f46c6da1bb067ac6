// The page: which view is shown, what it is told, and the connection.

import { listen, Refused, get, setToken, takeToken } from "./api.js";
import { announce, count, duration, figure, h, oncePerFrame, say } from "./dom.js";
import { Sweep } from "./model.js";
import { sweepView } from "./sweep.js";
import { stateBar } from "./progress.js";

const main = document.getElementById("main");
const crumbs = document.getElementById("crumbs");
const connection = document.getElementById("connection");

const app = { state: null, sweep: null, view: null, stream: null };

// `#/FOLDER/TAB/RUN`
const route = () => {
  const [, folder, tab, run] = location.hash.split("/").map(decodeURIComponent);
  return { folder: folder || null, tab: tab || null, run: run || null };
};

const failed = (error) => {
  if (error instanceof Refused) return askForToken(error.message);
  main.replaceChildren(h("div", { class: "remarks", role: "alert" }, h("p", {}, error.message)), h("p", {}, h("a", { href: "#/" }, "All sweeps")));
};

const askForToken = (reason) => {
  app.view = null;
  const input = h("input", { type: "password", id: "token", autocomplete: "off", spellcheck: "false" });
  const enter = (event) => {
    event.preventDefault();
    setToken(input.value.trim());
    start();
  };
  main.replaceChildren(h("h1", {}, "The token, please"),
    h("p", {}, `${reason[0].toUpperCase()}${reason.slice(1)}.`),
    h("form", { class: "tools", onsubmit: enter }, h("label", { for: "token" }, "Token", input), h("button", { class: "action" }, "Open")));
  input.focus();
};

const showCrumbs = () => {
  const { folder, tab, run } = route();
  const parts = [];
  if (folder) parts.push(h("a", { href: `#/${encodeURIComponent(folder)}` }, app.sweep?.plan.name ?? folder));
  if (tab === "run" && run && app.sweep?.places.has(run)) parts.push(h("span", {}, app.sweep.label(app.sweep.places.get(run))));
  crumbs.replaceChildren(...parts.flatMap((part) => [h("span", { class: "muted", "aria-hidden": "true" }, " / "), part]));
  document.title = [folder ? app.sweep?.plan.name ?? folder : null, "sweep"].filter(Boolean).join(" · ");
};

const card = ({ folder, plan, totals }) => {
  const total = totals.states.reduce((sum, value) => sum + value, 0);
  const completed = totals.states[plan.states.indexOf("completed")];
  const running = totals.states[plan.states.indexOf("running")];
  const parts = [`${completed.toLocaleString("en")} of ${count(total, "run")} completed`];
  if (running) parts.push(`${running} running`);
  if (totals.left !== null) parts.push(`about ${duration(totals.left)} left${totals.search ? " of what is planned so far" : ""}`);
  return h("li", { class: "card" },
    h("h2", {}, h("a", { href: `#/${encodeURIComponent(folder)}` }, plan.name),
      plan.invented && h("span", { class: "badge bad" }, "invented by a mock"), plan.rehearsal && h("span", { class: "badge" }, "rehearsal")),
    plan.description && h("p", { class: "muted" }, plan.description),
    stateBar(plan.states, totals.states),
    h("p", {}, parts.join(" · ")),
    totals.search && h("p", { class: "muted" }, totals.search),
    ...(totals.search ? [] : totals.best.map(([label, , value]) =>
      h("p", { class: "muted" }, `Best so far: ${label}, ${plan.ranking.title.toLowerCase()} ${figure(value, plan.ranking.scale)}`))));
};

const listView = () => ({
  update: () => {
    const { sweeps, faults, is_read, results } = app.state;
    const sorted = sweeps.slice().sort((a, b) => b.plan.created.localeCompare(a.plan.created));
    const open = document.activeElement?.getAttribute("href");
    main.replaceChildren(h("h1", {}, "Sweeps"), h("p", { class: "muted" }, results),
      ...faultsOf(faults),
      sorted.length ? h("ul", { class: "cards" }, sorted.map(card))
        : h("p", {}, is_read ? "No sweep is here yet. It appears when `sweep run` has planned one." : "Reading results …"));
    if (open) main.querySelector(`a[href="${CSS.escape(open)}"]`)?.focus({ preventScroll: true });
  },
});

const faultsOf = (faults) => Object.entries(faults).length
  ? [h("div", { class: "remarks", role: "note" }, h("ul", {}, Object.entries(faults).map(([name, fault]) => h("li", {}, name ? `${name}: ${fault}` : fault))))]
  : [];

const update = oncePerFrame(() => {
  if (app.state && app.view) app.view.update();
});

// Shows what the address says.
const show = async () => {
  const { folder, tab, run } = route();
  try {
    if (!folder) {
      app.view?.leave?.();
      app.view = listView();
    } else {
      if (app.sweep?.folder !== folder) {
        const known = app.state.sweeps.find((card) => card.folder === folder);
        if (!known && !app.state.is_read) return setTimeout(show, 300);
        // It is shown as soon as it is told of.
        if (!known) throw new Error(`There is no sweep \`${folder}\` here yet.`);
        app.sweep = await Sweep.load(folder);
        if (route().folder !== folder) return undefined;
        app.stream?.again();
      }
      app.view?.leave?.();
      app.view = await sweepView(app.sweep, main, { tab, run, readOnly: app.state.read_only });
    }
    showCrumbs();
    app.view.update();
  } catch (error) {
    failed(error);
  }
  return undefined;
};

const onEvent = async (event, data) => {
  if (event === "sweeps") {
    app.state = JSON.parse(data);
    const { folder } = route();
    if (!app.view || (folder && app.sweep?.folder !== folder)) await show();
  } else if (event === "change" && app.sweep) {
    if (!app.sweep.apply(JSON.parse(data))) await reload();
  } else if (event === "reload" && app.sweep) {
    await reload();
  }
  update();
};

const reload = async () => {
  try {
    const replaced = app.sweep;
    await replaced.reload();
    if (app.sweep !== replaced) return;
    // The plan may be another one: all is made anew, and who works on the page does not notice.
    const focused = document.activeElement;
    await show();
    const again = focused.isConnected ? focused : document.getElementById(focused.id);
    if (again && again !== document.body) again.focus({ preventScroll: true });
  } catch (error) {
    if (error instanceof Refused) failed(error);
  }
};

const onConnection = (there) => {
  if (there instanceof Refused) {
    connection.className = "connection lost";
    say(connection, "not let in");
    return askForToken(there.message);
  }
  const text = there ? "live" : "connection lost, trying again …";
  if (connection.textContent && connection.textContent !== text) announce(there ? "Connected again" : "Connection lost");
  connection.className = there ? "connection" : "connection lost";
  say(connection, text);
  return undefined;
};

const start = async () => {
  try {
    app.state = await get("state");
  } catch (error) {
    if (error instanceof Refused) return failed(error);
    onConnection(false);
    return setTimeout(start, 1500);
  }
  await show();
  app.stream?.close();
  const wanted = () => ({ sweep: app.sweep?.folder, version: app.sweep?.version, start: app.state?.start });
  // One after the other: a change counts on what came before it.
  let told = Promise.resolve();
  const inTurn = (event, data) => { told = told.then(() => onEvent(event, data)); };
  app.stream = listen({ wanted, onEvent: inTurn, onConnection });
  return undefined;
};

addEventListener("hashchange", () => {
  show().then(() => main.focus({ preventScroll: true }));
  scrollTo(0, 0);
});
document.querySelector(".skip").addEventListener("click", (event) => {
  event.preventDefault();
  main.focus();
});
takeToken();
start();
