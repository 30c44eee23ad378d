// What opens over the page: all alarms, one chute with its bag, the reports, or the manual desk.
import { Component, html } from "./html.js";
import { send } from "./acts.js";
import { Alarm, byUrgency } from "./bars.js";
import { Desk } from "./desk.js";
import { Scanning } from "./scanning.js";
import { change, page, store, word } from "./store.js";

const SHIFT_REPORTS = ["shift", "acceptance", "voids", "consumption", "limits", "integrity"];
const close = () => change({ dialog: null });

function AllAlarms({ conditions, links }) {
  return html`<div class="all-alarms">
    ${byUrgency(conditions).map((condition) => html`<${Alarm} key=${condition.code} condition=${condition} />`)}
    ${conditions.length === 0 && html`<p>${page("no_alarm")}</p>`}
    ${links.filter((link) => link.detail).map((link) => html`<p key=${link.id} data-testid="why-${link.id}">
      <b>${word("link", link.id)}</b> ${link.detail}
    </p>`)}
  </div>`;
}

// A scanner that is a keyboard types into the focused field and ends with Enter; one on the line PC fills it from there.
class BindBag extends Scanning {
  scanned(bag) {
    document.querySelector("[name=bag]").value = bag;
    document.querySelector("[name=bag]").form.requestSubmit();
  }

  submit = async (event) => {
    event.preventDefault();
    const bag = new FormData(event.currentTarget).get("bag").trim();
    if (bag && (await send("bind_bag", { chute: String(this.props.chute), bag }))) close();
  };

  render() {
    return html`<form onSubmit=${this.submit}>
      <input name="bag" maxlength="40" autocomplete="off" placeholder=${page("bag_tag")} autofocus />
      <button>${page("bind")}</button>
    </form>`;
  }
}

class Recount extends Scanning {
  scanned(label) {
    const field = document.querySelector("[name=labels]");
    field.value += (field.value && !field.value.endsWith("\n") ? "\n" : "") + label + "\n";
  }

  submit = async (event) => {
    event.preventDefault();
    const labels = new FormData(event.currentTarget).get("labels").split(/\s+/).filter(Boolean).join(",");
    if (await send("recount_bag", { chute: String(this.props.chute), labels })) close();
  };

  render() {
    return html`<form onSubmit=${this.submit}>
      <textarea name="labels" rows="5" placeholder=${page("labels")} autofocus></textarea>
      <button>${page("recount")}</button>
    </form>`;
  }
}

class TakeOut extends Scanning {
  scanned(label) {
    send("take_out", { chute: String(this.props.chute), label });
  }

  render({ labels }) {
    return html`<p>${page("take_out_help")}</p>
      ${labels.map(
        (label) => html`<div key=${label} class="take-out">
          <b>${label}</b><button onClick=${() => this.scanned(label)}>${page("take_out")}</button>
        </div>`,
      )}`;
  }
}

function BagForm({ chute, bag }) {
  if (!bag) return html`<${BindBag} chute=${chute} />`;
  if (bag.take_out.length > 0) return html`<${TakeOut} chute=${chute} labels=${bag.take_out} />`;
  return bag.locked ? html`<${Recount} chute=${chute} />` : html`<p>${page("bag_ok")}</p>`;
}

function OneBag({ chute, bags }) {
  const bag = bags.find((one) => one.chute === chute);
  return html`<div class="one-bag">
    <h2>${page("chute")} ${chute}${bag && html`<small>${bag.bag} · ${bag.count} ${page("items")}</small>`}</h2>
    <${BagForm} chute=${chute} bag=${bag} />
  </div>`;
}

// A report is drawn by the line, archived there, and opened beside this page, from where it is printed.
class Reports extends Component {
  draw = async (kind, fields = {}) => {
    this.setState({ said: page("drawing") });
    const body = JSON.stringify({ kind, language: store.lang, ...fields });
    const headers = { "Content-Type": "application/json" };
    try {
      const response = await fetch("/api/reports", { method: "POST", headers, body });
      if (!response.ok) return this.setState({ said: await response.text() });
      const { name } = await response.json();
      this.setState({ said: name });
      window.open(`/api/reports/${encodeURIComponent(name)}`, "_blank");
    } catch {
      this.setState({ said: word("answer", "failed") });
    }
  };

  button(kind, fields, text = word("report", kind)) {
    return html`<button data-testid="report-${kind}" onClick=${() => this.draw(kind, fields)}>${text}</button>`;
  }

  row(kind, things) {
    return things.length > 0 && html`<h3>${word("report", kind)}</h3><div>${things.map((of) => this.button(kind, { of }, of))}</div>`;
  }

  render({ snapshot }) {
    const lots = snapshot.lots.map((lot) => lot.lot);
    return html`<div class="reports">
      <div>${SHIFT_REPORTS.map((kind) => this.button(kind))}${this.button("shift", { back: 1 }, page("last_shift"))}</div>
      ${this.row("despatch", snapshot.closed_bags)}${this.row("handover", lots)}${this.row("lot", lots)}
      <p data-testid="report-said">${this.state.said}</p>
    </div>`;
  }
}

function Inside({ dialog, snapshot, answer }) {
  if (dialog.kind === "desk") return html`<${Desk} snapshot=${snapshot} answer=${answer} />`;
  if (dialog.kind === "reports") return html`<${Reports} snapshot=${snapshot} />`;
  if (dialog.kind === "alarms") return html`<${AllAlarms} conditions=${snapshot.conditions} links=${snapshot.links} />`;
  return html`<${OneBag} chute=${dialog.chute} bags=${snapshot.bags} />`;
}

export class Dialog extends Component {
  setElement = (element) => {
    if (element && !element.open) element.showModal();
  };

  render({ dialog, snapshot, answer }) {
    return html`<dialog ref=${this.setElement} onClose=${close}>
      <${Inside} dialog=${dialog} snapshot=${snapshot} answer=${answer} />
      <button class="close" onClick=${close}>${page("close")}</button>
    </dialog>`;
  }
}
