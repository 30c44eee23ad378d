// The manual desk: what the belt cannot take is read, labelled, filled and checked by hand, one order at a time.
import { html } from "./html.js";
import { send } from "./acts.js";
import { Scanning } from "./scanning.js";
import { answerWord, page, store, word } from "./store.js";

const STEPS = { free: 1, gathering: 1, printing: 2, filling: 3, closing: 4 };
const FIRST = ["kind", "token", "skeleton", "second_field", "flags", "masked"];
const AGAIN = ["kind", "token", "flags"];

// The reader is a process at the line: what comes here are tokens and a masked number.
async function readDocument() {
  const headers = { "Content-Type": "application/json" };
  try {
    const response = await fetch("/api/desk/read", { method: "POST", headers, body: "{}" });
    return response.ok ? await response.json() : { kind: null, reason: "reader_failed" };
  } catch {
    return { kind: null, reason: "reader_failed" };
  }
}

const told = (reading, names) => Object.fromEntries(names.map((name) => [name, String(reading[name])]));

export class Desk extends Scanning {
  state = { said: "", reading: false };

  read = async () => {
    this.setState({ said: page("reading"), reading: true });
    const reading = await readDocument();
    this.setState({ said: "", reading: false });
    if (reading.kind === null) return this.setState({ said: `${page("unread")} ${word("unread", reading.reason)}` });
    // The line's state now, not that of when the button was touched.
    if (store.snapshot.desk.state === "filling") return send("desk_insert", told(reading, AGAIN));
    const key = document.querySelector("[name=document]")?.value.trim() ?? "";
    return send("desk_read", { document: key, ...told(reading, FIRST) });
  };

  scanned(text) {
    const codes = document.querySelector("[name=codes]");
    if (codes) codes.value += (codes.value && !codes.value.endsWith("\n") ? "\n" : "") + text + "\n";
    else send("reinduct", { label: text });
  }

  check = (event) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    const texts = form.get("codes").split(/[\s,]+/).filter(Boolean).join(",");
    send("desk_label", { texts, weight_g: form.get("weight_g").trim() });
  };

  induct = (event) => {
    event.preventDefault();
    const label = new FormData(event.currentTarget).get("label").trim();
    if (label) send("reinduct", { label });
    event.currentTarget.reset();
  };

  documents({ documents }) {
    return html`<ul class="documents">
      ${documents.map(
        (one) => html`<li key=${one.document} data-testid="desk-document" data-again=${one.again}>
          <b>${one.again ? "✓" : "·"}</b><span>${one.document}</span><span>${one.masked}</span>
        </li>`,
      )}
    </ul>`;
  }

  step(desk) {
    if (desk.state === "printing") return null;
    if (desk.state === "closing") {
      return html`<form onSubmit=${this.check}>
        <label class="row">
          <input name="weight_g" inputmode="numeric" maxlength="6" autocomplete="off" placeholder=${page("weight_g")} autofocus /><b>g</b>
        </label>
        <textarea name="codes" rows="3" placeholder=${page("codes")}></textarea>
        <button data-testid="desk-check">${page("desk_check")}</button>
      </form>`;
    }
    if (!desk.reader) return html`<p class="notice warn">${page("no_reader")}</p>`;
    return html`<div class="row">
      <button data-testid="desk-read" disabled=${this.state.reading} onClick=${this.read}>
        ${page(desk.state === "filling" ? "read_again" : "read")}
      </button>
      ${desk.state !== "filling" && html`<input name="document" maxlength="24" autocomplete="off" placeholder=${page("rejected_key")} />`}
    </div>`;
  }

  waiting({ closed }) {
    return html`<form class="closed" onSubmit=${this.induct}>
      <h3>${page("to_induction")}: <span data-testid="desk-closed">${closed.map((one) => one.item).join(", ")}</span></h3>
      <div class="row">
        <input name="label" maxlength="64" autocomplete="off" placeholder=${page("scan_qr")} />
        <button data-testid="desk-induct">${page("induct")}</button>
      </div>
    </form>`;
  }

  render({ snapshot, answer }) {
    const { desk, labels_impossible: impossible } = snapshot;
    const again = desk.documents.filter((one) => one.again).length;
    const have = desk.state === "filling" ? again : desk.documents.length;
    return html`<div class="desk" data-testid="desk" data-state=${desk.state}>
      <h2>${page("desk")} <small>${desk.order_id ?? ""} ${desk.item ?? ""}</small></h2>
      <p class="step"><b>${STEPS[desk.state]}/4</b> ${word("desk", desk.state)} ${desk.wanted > 0 && `${have}/${desk.wanted}`}</p>
      ${this.documents(desk)} ${this.step(desk)}
      <p class=${answer && answer.good ? "said" : "said warn"} data-testid="desk-said">${this.state.said || (answer && answerWord(answer.code))}</p>
      ${desk.state !== "free" && html`<button data-testid="desk-cancel" onClick=${() => send("desk_cancel")}>${page("give_up")}</button>`}
      ${desk.state === "free" && desk.closed.length > 0 && this.waiting(desk)}
      ${desk.state === "free" && impossible.length > 0 && html`<h3>${page("impossible")}</h3>
        <ul data-testid="desk-impossible">${impossible.map((one) => html`<li key=${one.order}><b>${one.order}</b> ${one.reason}</li>`)}</ul>`}
    </div>`;
  }
}
