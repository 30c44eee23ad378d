"""What all sections of a line's file are: unknown keys, wrong types and values out of range are refused."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

Host = Annotated[str, Field(min_length=1, max_length=253)]
Port = Annotated[int, Field(ge=1, le=65535)]
FilePath = Annotated[str, Field(min_length=1, max_length=4096)]


class Section(BaseModel):
    """One table of the file, frozen."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)
