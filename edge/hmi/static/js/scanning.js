// Waits for scans from the hand while it is shown: `scanned(text)` takes one.
import { Component } from "./html.js";

export class Scanning extends Component {
  hear = (event) => {
    event.preventDefault();
    this.scanned(event.detail);
  };

  componentDidMount() {
    window.addEventListener("handscan", this.hear);
  }

  componentWillUnmount() {
    window.removeEventListener("handscan", this.hear);
  }
}
