"""The privacy rule of a label as data: what of names, phones and addresses must be hidden, and what may stand nowhere."""

import re
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, field_validator

Fields = Annotated[tuple[str, ...], Field(strict=False, min_length=1, max_length=8)]
Shown = Annotated[int, Field(ge=0, le=8)]
Hidden = Annotated[int, Field(ge=1, le=20)]
Pattern = Annotated[str, Field(min_length=1, max_length=300)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


def _compiles(pattern: str) -> str:
    try:
        re.compile(pattern)
    except re.error as error:
        raise ValueError(f"{pattern!r} is no regular expression: {error}") from error
    return pattern


class NameRule(_Strict):
    """Of each part of a name at least `hidden_min` characters are hidden; a mask shows the first `shown_first`."""

    fields: Fields
    separators: Annotated[str, Field(min_length=1, max_length=16)]
    """characters between the parts of a name"""
    shown_first: Shown
    hidden_min: Hidden


class PhoneRule(_Strict):
    """At least `hidden_min` digits are hidden; a mask shows `shown_first` and what comes behind the hidden ones."""

    fields: Fields
    shown_first: Shown
    hidden_min: Hidden


class AddressRule(_Strict):
    """What `hide` finds is hidden: the group `hide` of a match, or all of it. A mask leaves nothing that it still finds."""

    fields: Fields
    hide: Annotated[tuple[Pattern, ...], Field(strict=False, min_length=1, max_length=20)]

    @field_validator("hide")
    @classmethod
    def _patterns(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(map(_compiles, value))


class PrivacyRule(_Strict):
    """One rule. `never`: name of a kind of number → how it looks; no text of the label may hold one."""

    name: Annotated[str, Field(min_length=1, max_length=40)]
    mask: Annotated[str, Field(min_length=1, max_length=1)]
    names: NameRule
    phones: PhoneRule
    addresses: AddressRule
    never: Annotated[dict[str, Pattern], Field(max_length=20)]

    @field_validator("never")
    @classmethod
    def _patterns(cls, value: dict[str, str]) -> dict[str, str]:
        return {name: _compiles(pattern) for name, pattern in value.items()}
