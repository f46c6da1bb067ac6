// What the server is asked, with the token, and the events that it sends.
//
// The token comes with the address that `sweep dashboard` prints, is taken out of it at once, and is kept for this origin only. It
// goes into a header: nothing is sent by the browser by itself, so no other page can ask in one's name.

const KEY = "sweep-dashboard-token";
const SILENCE = 40_000;
const LONGEST_PAUSE = 5_000;

let token = null;

const kept = () => {
  try { return localStorage.getItem(KEY); } catch { return null; }
};

export const setToken = (value) => {
  token = value;
  try { localStorage.setItem(KEY, value); } catch { /* It holds for this page. */ }
};

export const takeToken = () => {
  const given = new URLSearchParams(location.search).get("token");
  if (given) {
    setToken(given);
    history.replaceState(null, "", location.pathname + location.hash);
  } else {
    token = kept();
  }
};

export class Refused extends Error {}

const headers = () => (token ? { Authorization: `Bearer ${token}` } : {});

const answerOf = async (response) => {
  if (response.ok) return response;
  const told = await response.json().catch(() => ({ error: `the server answered with ${response.status}` }));
  if (response.status === 401) throw new Refused(told.error);
  throw new Error(told.error);
};

export const get = async (path) => {
  const response = await fetch(`api/${path}`, { headers: headers(), cache: "no-store" });
  return (await answerOf(response)).json();
};

export const post = async (path, body) => {
  const options = { method: "POST", headers: { ...headers(), "Content-Type": "application/json" }, body: JSON.stringify(body) };
  return (await answerOf(await fetch(`api/${path}`, options))).json();
};

export const sweepPath = (folder, ...more) => ["sweeps", folder, ...more].map(encodeURIComponent).join("/");

// Splits a stream of events into `{ event, data }`.
const reader = (onEvent) => {
  let text = "";
  return (chunk) => {
    text += chunk;
    const blocks = text.split("\n\n");
    text = blocks.pop();
    for (const block of blocks) {
      let event = "message";
      const data = [];
      for (const line of block.split("\n")) {
        if (line.startsWith("event:")) event = line.slice(6).trim();
        else if (line.startsWith("data:")) data.push(line.slice(5).replace(/^ /, ""));
      }
      if (data.length || event !== "message") onEvent(event, data.join("\n"));
    }
  };
};

// Listens until it is closed, and comes back by itself. `wanted()` says what to ask for, `onEvent` gets events, `onConnection`
// whether there is a connection (true, false, or the refusal).
export const listen = ({ wanted, onEvent, onConnection }) => {
  let closed = false;
  let abort = null;
  let wake = null;
  let isRenewed = false;
  const pause = (milliseconds) => new Promise((resolve) => { wake = resolve; setTimeout(resolve, milliseconds); });

  const once = async () => {
    abort = new AbortController();
    let silence;
    const heard = () => {
      clearTimeout(silence);
      silence = setTimeout(() => abort.abort(), SILENCE);
    };
    try {
      heard();
      const query = new URLSearchParams(Object.entries(wanted()).filter(([, value]) => value !== null && value !== undefined));
      const response = await answerOf(await fetch(`api/events?${query}`, { headers: headers(), cache: "no-store", signal: abort.signal }));
      isRenewed = false;
      onConnection(true);
      const feed = reader(onEvent);
      const decoder = new TextDecoder();
      const stream = response.body.getReader();
      for (;;) {
        const { done, value } = await stream.read();
        if (done) return;
        heard();
        feed(decoder.decode(value, { stream: true }));
      }
    } finally {
      clearTimeout(silence);
    }
  };

  const run = async () => {
    let wait = 500;
    while (!closed) {
      const begun = Date.now();
      let refused = null;
      try { await once(); } catch (error) { if (error instanceof Refused) refused = error; }
      if (closed) return;
      if (isRenewed && !refused) {
        isRenewed = false;
        continue;
      }
      onConnection(refused ?? false);
      if (refused) return;
      wait = Date.now() - begun > 10_000 ? 500 : Math.min(LONGEST_PAUSE, wait * 1.6);
      await pause(wait);
    }
  };
  run();

  return {
    // Asks anew, for something else.
    again: () => { isRenewed = true; abort?.abort(); wake?.(); },
    close: () => { closed = true; abort?.abort(); wake?.(); },
  };
};
