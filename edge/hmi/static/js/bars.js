// The frame: top bar, alarm line, bottom bar.
import { Component, html } from "./html.js";
import { argumentOf, send, start, startMeans, wayOut } from "./acts.js";
import { Shape, stateShape } from "./shapes.js";
import { answerWord, change, clock, page, setLang, store, word } from "./store.js";

const HOLD_MS = 1000;
const LIGHTS_ABREAST = 7;
const ABNORMAL = ["HELD", "HOLDING", "ABORTED", "ABORTING", "SUSPENDED"];

function age(link) {
  if (link.age_ms < 1000) return "<1 s";
  if (link.age_ms < 120_000) return `${Math.floor(link.age_ms / 1000)} s`;
  return `${Math.floor(link.age_ms / 60_000)} min`;
}

function Light({ link }) {
  return html`<div class=${link.up ? "light" : "light bad"} data-testid="link-${link.id}" data-up=${link.up}>
    <b><${Shape} name=${link.up ? "dot" : "cross"} />${word("link", link.id)}</b>
    <small>${link.up ? "" : `${word("fault", link.reason || "lost")} `}${age(link)}</small>
  </div>`;
}

export function TopBar({ snapshot }) {
  const share = Math.min(1, snapshot.rate_per_h / Math.max(1, snapshot.target_per_h));
  return html`<header class="top">
    <div class="name">
      <h1>${page("title")} · ${snapshot.line}</h1>
      <p>${snapshot.site} · ${word("mode", snapshot.mode)} ${snapshot.sim && html`<mark class="sim">${page("sim")}</mark>`}</p>
    </div>
    <div class=${ABNORMAL.includes(snapshot.state) ? "state warn" : "state"}>
      <${Shape} name=${stateShape(snapshot.state)} />
      <b data-testid="state" data-state=${snapshot.state}>${word("state", snapshot.state)}</b>
    </div>
    <div class="rate">
      <p><b data-testid="rate">${snapshot.rate_per_h}</b> ${page("rate")}</p>
      <div class="gauge"><i style=${{ transform: `scaleX(${share})` }}></i></div>
      <small>${page("target")} ${snapshot.target_per_h}</small>
    </div>
    <div class=${snapshot.links.length > LIGHTS_ABREAST ? "lights many" : "lights"}>${snapshot.links.map((link) => html`<${Light} key=${link.id} link=${link} />`)}</div>
    <button class="lang" data-testid="lang" onClick=${() => setLang(store.lang === "zh" ? "en" : "zh")}>${page("lang")}</button>
  </header>`;
}

export function byUrgency(conditions) {
  return [...conditions].sort((a, b) => a.priority - b.priority || a.since_ms - b.since_ms);
}

export function Alarm({ condition, more = 0 }) {
  const [text, remedy] = store.lang === "zh" ? [condition.zh, condition.remedy_zh] : [condition.en, condition.remedy_en];
  return html`<div class="alarm priority${condition.priority}" data-code=${condition.code}>
    <${Shape} name="priority${condition.priority}" text=${condition.priority} />
    <time>${clock(condition.since_ms)}</time><b>${text}</b><span class="remedy">→ ${remedy}</span>
    ${more > 0 && html`<em>+${more} ${page("more")}</em>`}
  </div>`;
}

export function AlarmLine({ conditions }) {
  const [first, ...rest] = byUrgency(conditions);
  return html`<div class="alarms" data-testid="alarm" onClick=${() => first && change({ dialog: { kind: "alarms" } })}>
    ${first ? html`<${Alarm} condition=${first} more=${rest.length} />` : html`<div class="alarm calm">${page("no_alarm")}</div>`}
  </div>`;
}

// Acts only when held for a second; a tap, a key or a lost pointer does nothing.
class HoldButton extends Component {
  press = (event) => {
    event.currentTarget.setPointerCapture(event.pointerId);
    this.timer = setTimeout(() => {
      this.setState({ held: false });
      this.props.onHeld();
    }, HOLD_MS);
    this.setState({ held: true });
  };

  release = () => {
    clearTimeout(this.timer);
    this.setState({ held: false });
  };

  render({ testid, disabled, children }) {
    return html`<button class=${this.state.held ? "hold held" : "hold"} data-testid=${testid} disabled=${disabled}
      onPointerDown=${this.press} onPointerUp=${this.release} onPointerCancel=${this.release}>${children}</button>`;
  }
}

function Notice({ snapshot, answer }) {
  if (answer) return html`<p class=${answer.good ? "notice" : "notice warn"} data-testid="answer">${answerWord(answer.code)}</p>`;
  if (snapshot.clearing) return html`<p class="notice warn"><${Shape} name="busy" />${page("clearing")}</p>`;
  if (snapshot.feed_paused) return html`<p class="notice warn"><${Shape} name="pause" />${page("paused")}</p>`;
  return html`<p class="notice"></p>`;
}

export function BottomBar({ snapshot, answer }) {
  const means = startMeans(snapshot);
  const paused = snapshot.feed_paused;
  return html`<footer class="bottom">
    <button data-testid="start" disabled=${means === null} onClick=${start}><${Shape} name="play" />${page(means?.word ?? "start")}</button>
    ${wayOut(snapshot).map(
      (act) => html`<button key=${act} class="way-out" data-testid=${act} onClick=${() => send(act, argumentOf(act, snapshot))}>${page(act)}</button>`,
    )}
    <button class="small" data-testid="reports" onClick=${() => change({ dialog: { kind: "reports" } })}>${page("reports")}</button>
    ${snapshot.desk.printer && html`<button class="small" data-testid="open-desk" onClick=${() => change({ dialog: { kind: "desk" } })}>${page("desk")}</button>`}
    <${Notice} snapshot=${snapshot} answer=${answer} />
    <button data-testid="pause" data-paused=${paused} onClick=${() => send(paused ? "resume_feed" : "pause_feed")}>
      <${Shape} name=${paused ? "play" : "pause"} />${page(paused ? "resume" : "pause")}
    </button>
    <${HoldButton} testid="stop" disabled=${snapshot.state === "STOPPED"} onHeld=${() => send("stop")}>
      <${Shape} name="stop" /><span>${page("stop")}<small>${page("stop_hint")}</small></span>
    <//>
  </footer>`;
}
