"""The end of a shift at the counter: a person closes every receipt lot, and the line's account of each is judged."""

import asyncio
from typing import Any

from simulators.operator import PanelAway
from simulators.oracle import lying
from simulators.receipts import Closed, Receipt, judge_lot, resting
from simulators.virtual.panel import RuntimePanel
from simulators.virtual.world import World

LEAD = "lead-sim"
TOLD_WITHIN_S, LOOK_S = 120.0, 0.5


async def close_lots(world: World, *, files: bool) -> list[str]:
    """Close them all, and judge what central was told; `files`: also the payload that would be signed for each."""
    receipts, boot = world.office.receipts, world.boot
    if boot is None or not receipts:
        return []
    panel, codes = RuntimePanel(boot.runtime), {}
    for receipt in receipts:
        try:
            _, codes[receipt.lot] = await panel.request("close_lot", {"lot": receipt.lot, "lead": LEAD})
        except PanelAway as error:
            codes[receipt.lot] = str(error)
    for _ in range(round(TOLD_WITHIN_S / LOOK_S)):
        if world.told:
            break
        await asyncio.sleep(LOOK_S)
    accounts: dict[str, Any] = world.books.reconciled(r.lot for r in receipts) if files else {}
    places = resting(world.plant.documents, lying(world.plant), world.office.read)
    return [
        finding
        for receipt in receipts
        for finding in judge_lot(receipt, _closed(world, receipt, codes[receipt.lot], accounts), places)
    ]


def _closed(world: World, receipt: Receipt, code: str, accounts: dict[str, Any]) -> Closed:
    told = world.office.reconciled.get(receipt.lot, [])
    if len(told) > 1:
        code = f"it was told {len(told)} times"
    return Closed(code, told[0] if told else None, accounts.get(receipt.lot))
