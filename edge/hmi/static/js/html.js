// Preact and htm bound together; the only import of the vendored files.
import { Component, h, render } from "../vendor/preact.mjs";
import htm from "../vendor/htm.mjs";

export const html = htm.bind(h);
export { Component, render };
