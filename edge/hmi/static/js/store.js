// The page's state in one place, and how it is redrawn.
const STALE_MS = 1500;

export const store = {
  words: null,
  lang: localStorage.getItem("lang") === "en" ? "en" : "zh",
  snapshot: null,
  stale: false,
  heard: performance.now(),
  answer: null, // {code, good, act} of the last act, shown for some seconds
  dialog: null, // {kind: "bag", chute} or {kind: "alarms"}
};

let redraw = () => {};

export function onChange(callback) {
  redraw = callback;
}

export function change(fields) {
  Object.assign(store, fields);
  redraw();
}

export function setLang(lang) {
  localStorage.setItem("lang", lang);
  showLang(lang);
  change({ lang });
}

export function showLang(lang) {
  document.documentElement.lang = lang;
  document.documentElement.dataset.lang = lang;
}

// A word of the catalogue in the page's language; a code without a word is shown as it is.
export function word(section, code) {
  const pair = store.words[section][code];
  return pair ? pair[store.lang === "zh" ? 0 : 1] : code;
}

export const page = (code) => word("page", code);

export function outcomeWord(code) {
  return store.words.outcome[code] ? word("outcome", code) : word("reason", code);
}

export function answerWord(code) {
  return store.words.answer[code] ? word("answer", code) : word("reason", code);
}

export function clock(ms) {
  return new Date(ms).toTimeString().slice(0, 8);
}

export function tail(key) {
  return key.slice(key.indexOf("-") + 1);
}

// Both codes of the test label, scanned by hand where the label camera is out of reach; whoever listens asks the line.
const TEST_LABEL = /^TEST(;\d+)?$/;
let codes = [];

function tested(text) {
  if (store.snapshot?.roll_test !== "showing" || !TEST_LABEL.test(text)) return false;
  codes = [...codes.filter((one) => one.length !== text.length), text].slice(-2);
  if (codes.length === 2) window.dispatchEvent(new CustomEvent("testlabel", { detail: codes.splice(0).join(",") }));
  else change({ answer: { code: "ONE_MORE_CODE", good: true } });
  return true;
}

// A scan from the hand goes to the field that waits for one; that field takes it by preventDefault.
function handScanned({ text, code }) {
  const offered = new CustomEvent("handscan", { detail: text, cancelable: true });
  const taken = !code && (!window.dispatchEvent(offered) || tested(text));
  if (!taken) change({ answer: { code: code || "NOT_ASKED", good: false } });
}

// Any beat of the stream keeps the page fresh; silence makes it stale within STALE_MS.
export function follow() {
  const source = new EventSource("/api/stream");
  const heard = () => {
    store.heard = performance.now();
  };
  source.addEventListener("beat", () => {
    heard();
    if (store.stale && store.snapshot) change({ stale: false });
  });
  source.addEventListener("snapshot", (event) => {
    heard();
    const snapshot = JSON.parse(event.data);
    const before = store.snapshot?.hand_scan.number;
    change({ snapshot, stale: false });
    if (before !== undefined && snapshot.hand_scan.number > before) handScanned(snapshot.hand_scan);
  });
  source.addEventListener("error", () => {
    if (source.readyState !== EventSource.CLOSED) return; // it reconnects by itself
    setTimeout(follow, 1000);
  });
}

export function watch() {
  setInterval(() => {
    if (!store.stale && performance.now() - store.heard > STALE_MS) change({ stale: true });
  }, 250);
}
