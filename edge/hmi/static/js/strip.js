// The strip of stations with what moves along it. A thing that leaves fades out where it left.
import { html } from "./html.js";
import { Shape, Thing } from "./shapes.js";
import { tail, word } from "./store.js";

const LEAVING_MS = 700;
const CROWD = 5; // as many as are drawn at one station
// The link without which a station is blind or dumb.
const LINK_OF_STATION = {
  id_camera: "id_camera",
  insert: "machine_plc",
  label: "printer",
  label_camera: "label_camera",
  induction: "scanner",
  divert: "sorter_plc",
};
const LABELLED_FROM = 6;

const things = new Map(); // key → {station, offset, gone_at}

function place(stations, now) {
  const present = new Set();
  stations.forEach(({ items }, index) => {
    const spacing = Math.min(1.75, 6.3 / items.length);
    items.slice(0, CROWD).forEach((key, rank) => {
      present.add(key);
      const offset = ((Math.min(items.length, CROWD) - 1) / 2 - rank) * spacing;
      // First seen: drawn one station earlier, so that the next redraw moves it in.
      const station = things.has(key) ? index : Math.max(0, index - 1);
      things.set(key, { station, offset, gone_at: null });
    });
  });
  for (const [key, thing] of things) {
    if (present.has(key)) continue;
    thing.gone_at ??= now;
    if (now - thing.gone_at > LEAVING_MS) things.delete(key);
  }
}

function kindOf(key, station) {
  if (key.startsWith("D")) return "card";
  return station >= LABELLED_FROM ? "labelled" : "envelope";
}

function Moving({ id, thing, count }) {
  const x = ((thing.station + 0.5) * 100) / count;
  const style = { transform: `translateX(calc(${x}cqw + ${thing.offset}rem - 50%))` };
  return html`<div class=${thing.gone_at === null ? "moving" : "moving gone"} style=${style}>
    <span>${tail(id)}</span>
    <${Thing} kind=${kindOf(id, thing.station)} />
  </div>`;
}

// Of an applicator with two heads: each one's number, whether it works, and how many labels are still to come from it.
function Heads({ heads }) {
  return html`<p class="heads">
    ${heads.map(
      ({ head, against, labels }) => html`<span key=${head} class=${against.length ? "warn" : ""} data-testid="head-${head}"
        data-against=${against.join(" ")} title=${against.map((what) => word("head", what)).join(" ")}>
        <${Shape} name=${against.length ? "cross" : "dot"} />${head}<small>${labels ? `×${labels}` : ""}</small>
      </span>`,
    )}
  </p>`;
}

function Station({ id, items, lost, paused, heads }) {
  return html`<div class=${lost ? "station bad" : "station"} data-testid="station-${id}" data-count=${items.length}>
    <h3>${word("station", id)}</h3>
    <p class="count">
      ${lost && html`<${Shape} name="cross" />`}
      ${paused && html`<span class="warn"><${Shape} name="pause" /></span>`}
      ${items.length || ""}
    </p>
    ${heads && html`<${Heads} heads=${heads} />`}
  </div>`;
}

export function Strip({ snapshot, stale }) {
  const { stations, links, heads } = snapshot;
  if (!stale) place(stations, performance.now());
  const down = new Set(links.filter((link) => !link.up).map((link) => link.id));
  // Of several heads one is enough.
  const lost = (id) => (id === "label" && heads.length > 1 ? heads.every(({ against }) => against.length) : down.has(LINK_OF_STATION[id]));
  const moving = [...things].sort(([a], [b]) => (a < b ? -1 : 1));
  return html`<section class="strip ${snapshot.state === "EXECUTE" ? "running" : ""}">
    <div class="stations">
      ${stations.map(
        ({ id, items }) =>
          html`<${Station} key=${id} id=${id} items=${items} lost=${lost(id)}
            paused=${id === "feeder" && snapshot.feed_paused} heads=${id === "label" && heads.length > 1 && heads} />`,
      )}
    </div>
    <div class="belt">
      ${moving.map(([id, thing]) => html`<${Moving} key=${id} id=${id} thing=${thing} count=${stations.length} />`)}
    </div>
  </section>`;
}
