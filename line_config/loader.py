"""From files to a LineConfig, or to all that is wrong with them at once."""

import tomllib
from pathlib import Path
from typing import Any, NamedTuple

from pydantic import ValidationError

from line_config.document_layout import load_document_layout
from line_config.label_layout import load_label_layout
from line_config.model import LineConfig, LineFile, SortPlanConfig
from line_config.scale_format import load_scale_format

KINDS = ("modbus", "s7", "tcp", "serial")
"""sections that a line's file tells apart by `kind`: no part of a key"""


class Fault(NamedTuple):
    """One thing that is wrong: in which file, at which key ("" = the whole file), what, and what would be right."""

    file: Path
    key: str
    text: str
    found: str = ""

    def line(self) -> str:
        """For people."""
        where = f"{self.file}: {self.key}" if self.key else str(self.file)
        return f"{where}: {self.text}" + (f" (found: {self.found})" if self.found else "")


class ConfigError(Exception):
    """The configuration cannot be used; `faults` has everything that was found."""

    def __init__(self, faults: list[Fault]) -> None:
        super().__init__("\n".join(fault.line() for fault in faults))
        self.faults = faults


# pydantic's kind of fault → words with the allowed range; {ctx keys} are filled in.
_WORDS = {
    "missing": "is missing: add it",
    "extra_forbidden": "is no key that this file knows: remove it or correct its spelling",
    "greater_than_equal": "must be at least {ge}",
    "greater_than": "must be more than {gt}",
    "less_than_equal": "must be at most {le}",
    "less_than": "must be less than {lt}",
    "int_type": "must be a whole number, without quotes or unit",
    "float_type": "must be a number, without quotes or unit",
    "string_type": "must be text in quotes",
    "bool_type": "must be true or false",
    "list_type": "must be a list",
    "dict_type": "must be a table",
    "literal_error": "must be one of {expected}",
    "string_pattern_mismatch": "must look like {pattern}",
    "string_too_short": "must have at least {min_length} characters",
    "string_too_long": "must have at most {max_length} characters",
    "too_short": "must have at least {min_length} entries",
    "union_tag_invalid": "must be one of {expected_tags}",
    "value_error": "{error}",
}


def _faults(path: Path, error: ValidationError) -> list[Fault]:
    found = []
    for one in error.errors(include_url=False):
        words = _WORDS.get(one["type"])
        text = words.format(**one.get("ctx", {})) if words else one["msg"]
        value = "" if one["type"] in ("missing", "value_error") else repr(one["input"])[:80]
        # A tagged union puts its tag into the path: a reader looks for the key as it stands in the file.
        key = ".".join(str(part) for part in one["loc"] if part not in KINDS)
        found.append(Fault(path, key, text, value))
    return found


def _read(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigError([Fault(path, "", f"cannot be read: {error.strerror}; check the name and its rights")]) from error
    except UnicodeDecodeError as error:
        raise ConfigError([Fault(path, "", f"is not UTF-8 at byte {error.start}: save it as UTF-8")]) from error
    except tomllib.TOMLDecodeError as error:
        raise ConfigError([Fault(path, "", f"is not TOML: {error}")]) from error


def _load_sort_plan(path: Path) -> SortPlanConfig:
    return SortPlanConfig.model_validate(_read(path))


def _try(path: Path, load: Any, faults: list[Fault]) -> Any:
    """Load a file that the line's file names, and collect what is wrong with it."""
    try:
        return load(path)
    except ConfigError as error:
        faults += error.faults
    except ValidationError as error:
        faults += _faults(path, error)
    except OSError as error:
        faults.append(Fault(path, "", f"cannot be read: {error.strerror}; check the name and its rights"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        faults.append(Fault(path, "", f"is not TOML: {error}"))
    return None


def _named(table: dict[str, Any]) -> tuple[str, str, list[str]]:
    """The files that a line's file names, as far as it names any: sort plan, label layout, documents."""
    line = table.get("line")
    line = line if isinstance(line, dict) else {}
    documents = line.get("documents")
    names = [name for name in documents if isinstance(name, str)] if isinstance(documents, list) else []
    return str(line.get("sort_plan") or ""), str(line.get("label_layout") or ""), names


def _named_by(section: str, key: str, table: dict[str, Any]) -> str:
    """The file that an optional section names; "" = none, or there is no such section."""
    found = table.get(section)
    return str(found.get(key) or "") if isinstance(found, dict) else ""


def load_line(path: Path) -> LineConfig:
    """The line's file and all that it refers to. Raises ConfigError with every fault of every file."""
    table = _read(path)
    faults: list[Fault] = []
    file = _try(path, lambda _: LineFile.model_validate(table), faults)
    plan_name, label_name, document_names = _named(table)
    folder = path.parent
    plan_path, label_path = folder / plan_name, folder / label_name
    document_paths = [folder / name for name in document_names]
    plan = _try(plan_path, _load_sort_plan, faults) if plan_name else None
    if label_name:
        _try(label_path, load_label_layout, faults)
    for document_path in document_paths:
        _try(document_path, load_document_layout, faults)
    scale_path = folder / _named_by("scale", "format", table)
    if scale_path != folder:
        _try(scale_path, load_scale_format, faults)
    desk_label = _named_by("desk_printer", "label_layout", table)
    if desk_label:
        _try(folder / desk_label, load_label_layout, faults)
    if faults or plan is None:
        raise ConfigError(faults)
    line = file.line.model_copy(
        update={
            "sort_plan": str(plan_path.resolve()),
            "label_layout": str(label_path.resolve()),
            "documents": [str(document_path.resolve()) for document_path in document_paths],
        }
    )
    sections = {name: getattr(file, name) for name in LineFile.model_fields}
    if file.scale is not None:
        sections["scale"] = file.scale.model_copy(update={"format": str(scale_path.resolve())})
    if file.desk_printer is not None:
        layout = str((folder / desk_label).resolve()) if desk_label else str(label_path.resolve())
        sections["desk_printer"] = file.desk_printer.model_copy(update={"label_layout": layout})
    return LineConfig(**{**sections, "line": line}, sort_plan=plan)
