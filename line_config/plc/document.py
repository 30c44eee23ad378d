"""The interface as a Markdown document for those who read before they program, in English or Chinese."""

from collections.abc import Iterable, Iterator, Sequence
from importlib import resources
from typing import Literal

from line_config.plc.registers import TABLES, Field, codes, data_type, fields, first_register, meaning_of, meanings
from line_config.process_image import SIDES, ProcessImage

Language = Literal["en", "zh"]
TITLES: dict[Language, dict[str, str]] = {
    "en": {
        "plc_to_edge": "PLC to edge", "edge_to_plc": "Edge to PLC", "stations": "Stations (high byte of station_kind)",
        "events": "Events (low byte of station_kind)", "opcodes": "Commands", "refusals": "Refusals",
        "event_flags": "Event flags", "faults": "Faults", "alarms": "Alarms", "buttons": "Buttons",
        "word": "word", "byte": "byte", "register": "register", "name": "name", "type": "type", "meaning": "meaning",
        "code": "code", "bit": "bit", "plc": "PLC", "handle": "handle", "value": "value", "point": "decision point",
        "slots": "{window} slots of {words} words; slot n begins at word {first} + {words} n:", "where": "Holding registers "
        "{begin} to {end}; data block {db}, bytes 0 to {bytes}; {words} words.",
    },
    "zh": {
        "plc_to_edge": "PLC 到边缘控制器", "edge_to_plc": "边缘控制器到 PLC", "stations": "工位(station_kind 高字节)",
        "events": "事件(station_kind 低字节)", "opcodes": "命令", "refusals": "拒绝原因", "event_flags": "事件标志",
        "faults": "故障",
        "alarms": "报警", "buttons": "按钮", "word": "字", "byte": "字节", "register": "寄存器", "name": "名称",
        "type": "类型", "meaning": "含义", "code": "代码", "bit": "位", "plc": "PLC", "handle": "句柄", "value": "值",
        "point": "决策点", "slots": "{window} 个槽,每槽 {words} 字;第 n 槽从第 {first} + {words} n 字开始:",
        "where": "保持寄存器 {begin} 至 {end};数据块 {db},字节 0 至 {bytes};共 {words} 字。",
    },
}  # fmt: skip
BIT_TABLES = frozenset({"event_flags", "faults", "alarms", "buttons"})


def _table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    return "\n".join(lines + ["| " + " | ".join(str(cell) for cell in row) + " |" for row in rows])


def _rules(language: Language) -> str:
    name = f"rules.{language}.md"
    return resources.files("line_config.plc").joinpath("templates", name).read_text(encoding="utf-8")


def _side(image: ProcessImage, side: str, language: Language) -> Iterator[str]:
    say, layout, register = TITLES[language], getattr(image, side), first_register(image, side)
    words = image.words(side)
    db = image.s7.read_db if side == "plc_to_edge" else image.s7.write_db
    yield f"## {say[side]}"
    yield say["where"].format(begin=register, end=register + words - 1, db=db, bytes=2 * words - 1, words=words)

    def row(field: Field) -> tuple[object, ...]:
        said = getattr(meaning_of(field), language)
        return field.word, 2 * field.word, register + field.word, f"`{field.name}`", data_type(field), said

    head = [say[name] for name in ("word", "byte", "register", "name", "type", "meaning")]
    both = list(fields(image, side))
    yield _table(head, [row(field) for field in both if field.slot is None])
    yield say["slots"].format(window=image.window, words=layout.slot_words, first=layout.header_words)
    yield _table(head, [row(field) for field in both if field.slot == 0])


def _code_table(image: ProcessImage, table: str, language: Language) -> Iterator[str]:
    say = TITLES[language]
    yield f"## {say[table]}"
    more = {"events": ("plc", "handle", "value"), "opcodes": ("plc", "point", "handle")}.get(table, ())
    rows = []
    for name, code in codes(image, table).items():
        said = getattr(meanings()[table][name], language)
        extra = [getattr(getattr(image, table)[name], column) or "–" for column in more]
        rows.append([code, f"`{name}`", *extra, said])
    number = say["bit"] if table in BIT_TABLES else say["code"]
    yield _table([number, say["name"], *(say[column] for column in more), say["meaning"]], rows)


def markdown(image: ProcessImage, language: Language = "en") -> str:
    """The whole document."""
    parts = [_rules(language).rstrip().format(version=image.layout_version, seq_max=image.seq_max, fifo=image.fifo_min)]
    for side in SIDES:
        parts += _side(image, side, language)
    for table in TABLES:
        parts += _code_table(image, table, language)
    return "\n\n".join(parts) + "\n"
