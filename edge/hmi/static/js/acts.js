// What a person asks for: one POST per act, repeated once under the same id when the wire failed.
import { change, store } from "./store.js";

const IDLE_WAIT_MS = 6000;
const ANSWER_SHOWN_MS = 6000;
// What 启动 means in each state; a state that is not here has no start.
const START = {
  IDLE: { word: "start", acts: ["start"] },
  STOPPED: { word: "start", acts: ["reset", "start"] },
  COMPLETE: { word: "start", acts: ["reset", "start"] },
  HELD: { word: "unhold", acts: ["unhold"] },
  ABORTED: { word: "clear", acts: ["clear"] },
};
const CLEARABLE = ["STOPPED", "IDLE", "HELD"];

let hideAnswer = 0;

function newId() {
  return Array.from(crypto.getRandomValues(new Uint8Array(12)), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

async function post(body) {
  const response = await fetch("/api/acts", {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(body),
  });
  if (response.status === 503) return { accepted: false, code: "busy" };
  if (response.status !== 200 && response.status !== 409) return { accepted: false, code: "failed" };
  return response.json();
}

async function ask(act, argument) {
  const body = { act, person: "panel", request_id: newId(), argument };
  try {
    return await post(body);
  } catch {
    return post(body).catch(() => ({ accepted: false, code: "failed" }));
  }
}

export async function send(act, argument = {}) {
  const { accepted, code } = await ask(act, argument);
  clearTimeout(hideAnswer);
  change({ answer: { code, good: accepted } });
  hideAnswer = setTimeout(() => change({ answer: null }), ANSWER_SHOWN_MS);
  return accepted;
}

// The applicator head that an act is about: the one it is true of, for a change of roll the one whose roll ends first.
function headOf(act, { heads, rolls }) {
  const among = { roll_changed: ["roll"], test_label: ["test", "testing"] }[act];
  if (among) return heads.find(({ against }) => against.some((what) => among.includes(what)))?.head ?? 1;
  return rolls.reduce((least, row) => (row.labels < (least?.labels ?? Infinity) ? row : least), null)?.head ?? 1;
}

// What an act on the way out needs to be told.
export function argumentOf(act, snapshot) {
  if (!["change_roll", "roll_changed", "test_label"].includes(act)) return {};
  const head = snapshot.heads.length > 1 ? { head: String(headOf(act, snapshot)) } : {};
  if (act !== "roll_changed") return head;
  const ribbon = snapshot.conditions.some((condition) => condition.code === "RIBBON_LOW");
  return { roll: ribbon ? "ribbon" : "media", ...head };
}

export function startMeans(snapshot) {
  return START[snapshot.state] ?? null;
}

function idle() {
  const until = performance.now() + IDLE_WAIT_MS;
  return new Promise((resolve) => {
    const look = () => {
      if (store.snapshot.state === "IDLE" || performance.now() > until) resolve();
      else setTimeout(look, 100);
    };
    look();
  });
}

export async function start() {
  for (const act of startMeans(store.snapshot)?.acts ?? []) {
    if (act === "start") await idle();
    if (!(await send(act))) return;
  }
}

// The acts that lead out of the present conditions, in the order in which they are needed.
export function wayOut(snapshot) {
  if (snapshot.clearing) return [];
  const codes = snapshot.conditions.map((condition) => condition.code);
  const toClear = CLEARABLE.includes(snapshot.state) && codes.some((code) => store.words.cleared_with_belt.includes(code));
  if (toClear) return ["clear_belt"];
  if (codes.includes("REJECTS_NOT_CLEARED")) return ["rejects_cleared"];
  if (["due", "showing"].includes(snapshot.roll_test)) return ["test_label"];
  if (snapshot.heads.some(({ against }) => against.includes("roll"))) return ["roll_changed"];
  return codes.includes("MEDIA_LOW") || codes.includes("RIBBON_LOW") ? ["change_roll"] : [];
}
