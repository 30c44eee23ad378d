"""One person at the manual desk: the next step by what the line says, the reader's word, and the acts."""

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from rich.console import Console

from drivers.scanner import without_identifier
from edge.desk.panel import Line, PanelAway
from edge.desk.words import SAYS

Read = Callable[[Path | None], dict[str, Any]]
"""the reader: a picture, or None = the number is entered; kind, flags, token, skeleton, second_field, masked, reason"""
Ask = Callable[[str], str]
WAIT_S = 0.3
LANGUAGES = ("zh", "en")


def scanned(text: str) -> str:
    """A scanned text without its symbology's identifier. A comma would look like two texts."""
    return without_identifier(text).replace(",", "")


class Session:
    """Shows and asks until the person leaves."""

    def __init__(self, line: Line, read: Read, ask: Ask, out: Console, language: str, *, wait_s: float = WAIT_S) -> None:
        self._line = line
        self._read = read
        self._ask = ask
        self._out = out
        self._at = LANGUAGES.index(language)
        self._wait_s = wait_s
        self._words: dict[str, dict[str, list[str]]] = {}
        self._commands: dict[str, Callable[[str], object]] = {
            "": self._document,
            "d": self._document,
            "p": lambda name: self._document("", Path(name)),
            "c": lambda _: self._act("desk_cancel", {}),
            "i": lambda _: self._act("reinduct", {"label": self._scan("label")}),
            "o": self._open,
            "v": self._void,
        }

    def run(self) -> bool:
        """Until `q` or the end of input; False where the line has no desk. Raises PanelAway at the beginning only."""
        self._words = self._line.words()
        if not self._line.snapshot()["desk"]["printer"]:
            self._say("no_desk")
            return False
        try:
            while self._step():
                pass
        except EOFError:
            pass
        self._say("bye")
        return True

    def _step(self) -> bool:
        try:
            desk = self._show()
            if desk["state"] == "printing":
                return self._printed()
            if desk["state"] == "closing":
                return self._closing()
            return self._command(self._ask(self._said("choice")))
        except PanelAway as error:
            self._out.print(str(error), style="red", markup=False, soft_wrap=True)
            time.sleep(self._wait_s)
            return True

    def _printed(self) -> bool:
        while self._line.snapshot()["desk"]["state"] == "printing":
            time.sleep(self._wait_s)
        return True

    def _command(self, entered: str) -> bool:
        name, _, rest = entered.strip().partition(" ")
        if name == "q":
            return False
        command = self._commands.get(name)
        if command is None:
            self._say("unknown")
        else:
            command(rest.strip())
        return True

    # --- what a person reads ---
    def _said(self, code: str, **fields: object) -> str:
        return SAYS[code][self._at].format(**fields)

    def _say(self, code: str, **fields: object) -> None:
        self._out.print(self._said(code, **fields), markup=False, soft_wrap=True)

    def _show(self) -> dict[str, Any]:
        shown = self._line.snapshot()
        desk: dict[str, Any] = shown["desk"]
        documents = desk["documents"]
        self._out.rule(f"{self._said('title')} {desk['order_id'] or ''}")
        for one in documents:
            self._out.print(f"  {'✓' if one['again'] else '·'} {one['document']} {one['kind']} {one['masked']}", markup=False)
        again = sum(bool(one["again"]) for one in documents)
        self._say(desk["state"], have=len(documents), again=again, wanted=desk["wanted"])
        if desk["closed"]:
            self._say("waiting", items=", ".join(one["item"] for one in desk["closed"]))
        prints = [str(row["print_id"]) for row in shown["labels_to_destroy"]]
        if prints:
            self._say("destroy", prints=", ".join(prints))
        return desk

    def _answer(self, code: str, *, accepted: bool) -> None:
        for section in ("answer", "reason"):
            words = self._words.get(section, {}).get(code)
            if words is not None:
                self._out.print(f"  {words[self._at]} ({code})", style="green" if accepted else "red", markup=False)
                return
        self._out.print(f"  {code}", style="green" if accepted else "red", markup=False)

    def _act(self, act: str, argument: dict[str, str]) -> bool:
        said = self._line.act(act, argument)
        self._answer(said.code, accepted=said.accepted)
        return said.accepted

    # --- what a person does ---
    def _document(self, key: str = "", picture: Path | None = None) -> None:
        """Read a document: the first time, or as it goes into the envelope."""
        reading = self._read(picture)
        if reading["kind"] is None:
            self._out.print("  " + self._said("unread", reason=reading["reason"]), style="red", markup=False)
            return
        told = {name: str(reading[name]) for name in ("kind", "token", "flags")}
        if self._line.snapshot()["desk"]["state"] == "filling":
            self._act("desk_insert", told)
        else:
            more = {name: str(reading[name]) for name in ("skeleton", "second_field", "masked")}
            self._act("desk_read", {"document": key, **told, **more})

    def _scan(self, code: str) -> str:
        return scanned(self._ask(self._said(code)))

    def _scan_all(self, code: str) -> str:
        texts = []
        while text := self._scan(code):
            texts.append(text)
        return ",".join(texts)

    def _closing(self) -> bool:
        entered = self._ask(self._said("weight")).strip()
        if not entered.isdecimal():
            return self._command(entered) if entered else True
        if self._act("desk_label", {"texts": self._scan_all("scan"), "weight_g": entered}):
            self._say("closed")
        return True

    def _open(self, _: str) -> None:
        """Door B: two persons open an envelope, and the labels on it are destroyed."""
        item = self._ask(self._said("item")).strip()
        labels = self._scan_all("labels")
        self._act("open_envelope", {"item": item, "labels": labels, "second": self._ask(self._said("second")).strip()})

    def _void(self, _: str) -> None:
        print_id = self._ask(self._said("print_id")).strip()
        self._act("void_label", {"print_id": print_id, "second": self._ask(self._said("second")).strip()})
