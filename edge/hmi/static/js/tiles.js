// The tiles between the bars: big counts, outcomes, last rejects, chutes with their bags.
import { html } from "./html.js";
import { Shape } from "./shapes.js";
import { change, clock, outcomeWord, page, tail, word } from "./store.js";

const COUNTS = ["sealed", "rejected", "waiting", "remaining"];

export function Counts({ counts }) {
  return html`<section class="counts">
    ${COUNTS.map((name) => html`<div key=${name}><h2>${page(name)}</h2><b data-testid="count-${name}">${counts[name]}</b></div>`)}
  </section>`;
}

export function Outcomes({ snapshot: { outcomes, central } }) {
  const rows = Object.entries(outcomes).sort(([, a], [, b]) => b - a);
  const most = Math.max(1, ...rows.map(([, count]) => count));
  return html`<section class="tile outcomes" data-testid="outcomes">
    <h2>${page("outcomes")}<small>${page("central_waiting")} ${central.waiting}</small></h2>
    <ul>
      ${rows.map(
        ([code, count]) => html`<li key=${code} data-outcome=${code}>
          <span>${outcomeWord(code)}</span><i><u style=${{ transform: `scaleX(${count / most})` }}></u></i><b>${count}</b>
        </li>`,
      )}
    </ul>
  </section>`;
}

// What must be scanned before the line knows again what is where: place, number of scans, things it is about.
function scanLine(scan) {
  const [kind, chute] = scan.place.split(":");
  return html`<li key=${scan.place + scan.among[0]} class="scan" data-testid="scan">
    <b>${page(scan.what === "label" ? "scan_labels" : "scan_documents")} × ${scan.scans}</b>
    <span>${chute ? `${page("bag_of_chute")} ${chute}` : page("beside_belt")}</span><small>${scan.among.map(tail).join(" ")}</small>
  </li>`;
}

export function Rejects({ rejects, scans = [] }) {
  return html`<section class="tile rejects" data-testid="rejects">
    <h2>${page("rejects")}</h2>
    <ul>
      ${scans.map(scanLine)}
      ${rejects.map(
        (one) => html`<li key=${one.key + one.at_ms}>
          <time>${clock(one.at_ms)}</time><b>${word("reason", one.reason)}</b>
          <span>${one.masked}</span><span>${one.pick_up || word("place", one.place)}</span><small>${tail(one.key)}</small>
        </li>`,
      )}
      ${rejects.length === 0 && html`<li class="none">${page("none")}</li>`}
    </ul>
  </section>`;
}

function bagState(bag) {
  if (!bag) return { shape: "plus", kind: "warn", text: page("unbound") };
  if (bag.locked) return { shape: "lock", kind: "bad", text: page("locked") };
  return { shape: null, kind: "", text: bag.bag };
}

export function Bags({ snapshot: { bags, chutes } }) {
  const byChute = new Map(bags.map((bag) => [bag.chute, bag]));
  return html`<section class="tile bags" data-testid="bags">
    <h2>${page("bags")}</h2>
    <div>
      ${chutes.map((chute) => {
        const bag = byChute.get(chute);
        const { shape, kind, text } = bagState(bag);
        return html`<button key=${chute} class="bag ${kind}" data-testid="bag-${chute}" onClick=${() => change({ dialog: { kind: "bag", chute } })}>
          <span class="chute">${chute}</span><b>${bag?.count ?? "–"}</b>
          <small>${shape && html`<${Shape} name=${shape} />`}${text}</small>
        </button>`;
      })}
    </div>
  </section>`;
}
