// Shapes that carry meaning without colour.
import { html } from "./html.js";

const PATHS = {
  play: "M6 4l14 8-14 8z",
  stop: "M5 5h14v14H5z",
  pause: "M6 4h4v16H6zM14 4h4v16h-4z",
  busy: "M12 3a9 9 0 1 1-8.5 6l2.8 1A6 6 0 1 0 12 6z",
  dot: "M12 6a6 6 0 1 1 0 12 6 6 0 0 1 0-12z",
  cross: "M5 3l7 7 7-7 2 2-7 7 7 7-2 2-7-7-7 7-2-2 7-7-7-7z",
  priority1: "M12 1l11 11-11 11L1 12z",
  priority2: "M12 2l11 20H1z",
  priority3: "M12 2a10 10 0 1 1 0 20 10 10 0 0 1 0-20z",
  lock: "M7 10V7a5 5 0 0 1 10 0v3h2v11H5V10zm2.4 0h5.2V7a2.6 2.6 0 0 0-5.2 0z",
  plus: "M10 3h4v7h7v4h-7v7h-4v-7H3v-4h7z",
};

export function Shape({ name, text = "" }) {
  return html`<svg class="shape ${name}" viewBox="0 0 24 24" aria-hidden="true">
    <path fill="currentColor" fill-rule="evenodd" d=${PATHS[name]} />
    ${text && html`<text x="12" y=${name === "priority2" ? 19.5 : 16.5} text-anchor="middle">${text}</text>`}
  </svg>`;
}

const OF_STATE = { EXECUTE: "play", STOPPED: "stop", IDLE: "stop", COMPLETE: "stop", HELD: "pause", SUSPENDED: "pause", ABORTED: "cross" };

export function stateShape(state) {
  return OF_STATE[state] ?? "busy";
}

// What moves: a card before the inserter, an envelope after it, an envelope with its label after the applicator.
export function Thing({ kind }) {
  return html`<svg class="thing" viewBox="0 0 30 22" aria-hidden="true">
    <rect class="body" x="1" y="1" width="28" height="20" rx="2" />
    ${kind === "card" && html`<path class="line" d="M5 5h7v9H5zM15 6h10M15 10h10M15 14h7M5 17.5h20" />`}
    ${kind !== "card" && html`<path class="line" d="M1.5 2.5L15 12.5 28.5 2.5" />`}
    ${kind === "labelled" && html`<path class="label" d="M14 10h12v8H14z" /><path class="line" d="M16.5 12v4M18.5 12v4M21 12v4M23.5 12v4" />`}
  </svg>`;
}
