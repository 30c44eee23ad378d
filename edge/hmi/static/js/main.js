// The page: fetches the words, follows the stream, draws what the line says.
import { html, render } from "./html.js";
import { send } from "./acts.js";
import { AlarmLine, BottomBar, TopBar } from "./bars.js";
import { Dialog } from "./dialogs.js";
import { clock, follow, onChange, page, showLang, store, watch } from "./store.js";
import { Strip } from "./strip.js";
import { Bags, Counts, Outcomes, Rejects } from "./tiles.js";

const WORDS_RETRY_MS = 1000;
const root = document.getElementById("page");

function Stale({ at_ms }) {
  return html`<div class="stale" data-testid="stale" role="alert">
    <div>
      <h2>${page("stale")}</h2>
      <p>${page("stale_since")} ${clock(at_ms)}</p>
      <p>${page("stale_help")}</p>
    </div>
  </div>`;
}

function Page({ snapshot, stale, answer, dialog }) {
  return html`<div class=${stale ? "page old" : "page"} inert=${stale}>
      <${TopBar} snapshot=${snapshot} />
      <${AlarmLine} conditions=${snapshot.conditions} />
      <${Strip} snapshot=${snapshot} stale=${stale} />
      <${Counts} counts=${snapshot.counts} />
      <div class="lists">
        <${Outcomes} snapshot=${snapshot} />
        <${Rejects} rejects=${snapshot.rejects} scans=${snapshot.scans} />
        <${Bags} snapshot=${snapshot} />
      </div>
      <${BottomBar} snapshot=${snapshot} answer=${answer} />
    </div>
    ${dialog && !stale && html`<${Dialog} dialog=${dialog} snapshot=${snapshot} answer=${answer} />`}
    ${stale && html`<${Stale} at_ms=${snapshot.at_ms} />`}`;
}

async function words() {
  for (;;) {
    try {
      return await (await fetch("/api/words")).json();
    } catch {
      await new Promise((resolve) => setTimeout(resolve, WORDS_RETRY_MS));
    }
  }
}

showLang(store.lang);
store.words = await words();
root.replaceChildren();
window.addEventListener("testlabel", ({ detail: texts }) => send("test_label_scanned", { texts }));
onChange(() => store.snapshot && render(html`<${Page} ...${store} />`, root));
follow();
watch();
