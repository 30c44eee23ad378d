"""The panel inside the virtual world: its acts by a call in process."""

import asyncio
from typing import Any

from edge.runtime.app import Runtime
from edge.runtime.view import accounts
from simulators.operator import ANSWER_S, PERSON, PanelAway


class RuntimePanel:
    """The panel's acts by a call in process."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime

    async def snapshot(self) -> dict[str, Any]:
        """What the page shows."""
        return self._runtime.snapshot(site="virtual", sim=True, central=dict)

    async def request(self, act: str, argument: dict[str, str]) -> tuple[bool, str]:
        """Ask for an act. Raises PanelAway when the runtime dies before it answers."""
        try:
            async with asyncio.timeout(ANSWER_S):
                answer = await self._runtime.request(act, PERSON, argument)
        except TimeoutError as error:
            raise PanelAway(f"no answer to {act}") from error
        return answer.accepted, answer.code

    async def accounts(self) -> list[dict[str, Any]]:
        """Where everything is."""
        return accounts(self._runtime.controller)
