"""Disturbances by people, by the plant itself, by central, and by the line PC's own parts."""

import asyncio
import random

from simulators.operator import Act
from simulators.plc_program import PlcProgram
from simulators.virtual.kind import Kind, Switch
from simulators.virtual.world import World

OLD_LOT_VERSION = 2
FLAPS, FLAP_S = 6, 0.4
DEEP = b'{"lot":' + b"[" * 3000 + b"]" * 3000 + b"}"
OVERSIZE = b'{"lot": "' + b"x" * (1 << 20) + b'"}'
SLIPS: tuple[Act | None, ...] = (
    None,
    *(Act(act, {}) for act in ("start", "reset", "unhold", "clear", "clear_belt", "rejects_cleared", "press this")),
    Act("bind_bag", {"chute": "1", "bag": "B-2-001"}),
    Act("close_bag", {"chute": "1", "bag": "B-2-001"}),
    Act("recount_bag", {"chute": "2", "labels": "EA000000005CN;1"}),
    Act("take_out", {"chute": "3", "label": "EA000000005CN;1"}),
    Act("reinduct", {"label": "EA000000005CN;1"}),
    Act("void_label", {"print_id": "1", "second": "operator-sim"}),
    Act("feed_again", {"documents": "D9-9"}),
    Act("open_envelope", {"item": "I1-1", "labels": "", "second": "operator-sim"}),
    Act("desk_cancel", {}),
    Act(
        "desk_read",
        {"document": "D9-9", "kind": "passport", "token": "", "skeleton": "", "second_field": "", "flags": "15", "masked": ""},
    ),
    Act("desk_insert", {"kind": "passport", "token": "nobody's", "flags": "15"}),
    Act("desk_label", {"texts": "EA000000005CN;1", "weight_g": "20"}),
)
"""None = at the next recount one label is not scanned"""
NONSENSE = (
    ("manifest", b"{"),
    ("manifest", b"\xff\xfe"),
    ("manifest", b'{"lot": "X", "version": 1, "chunk": 3, "chunks": 2, "digest": "", "orders": []}'),
    ("manifest", b'{"lot": "Y", "version": 1, "chunk": 1, "chunks": 1, "digest": "00", "orders": []}'),
    ("manifest", DEEP),
    ("manifest", OVERSIZE),
    ("cancel", b'{"order_id": 7}'),
    ("cancel", b'{"order_id": "nobody\'s", "version": 1}'),
    ("lot", b'{"lot": "R"}'),
    ("lot", DEEP),
    ("confirm", b'{"journal_id": "another", "seq": 9}'),
    ("weather", b"fine"),
)


def _programs(world: World) -> tuple[PlcProgram, PlcProgram]:
    return world.plant.machine, world.plant.sorter


def _machine_input(name: str, value: int, rest: int) -> Switch:
    def switch(world: World, on: bool, _: random.Random) -> None:
        world.plant.machine.wire(name, value if on else rest)
        world.wake_plant()

    return switch


def _guard(world: World, on: bool, rng: random.Random) -> None:
    machine = rng.random() < 0.6
    program = world.plant.machine if machine else world.plant.sorter
    program.wire("guard_zones", 1 << rng.randrange(4 if machine else 2) if on else 0)
    if not on:
        world.plant.machine.wire("guard_zones", 0)
        world.plant.sorter.wire("guard_zones", 0)
    world.wake_plant()


def _estop(world: World, on: bool, _: random.Random) -> None:
    """The chain goes through both PLCs."""
    for program in _programs(world):
        program.wire("estop", int(on))
    world.wake_plant()


def _encoder(world: World, on: bool, rng: random.Random) -> None:
    if on:
        plant = world.plant
        belt = rng.choice((plant.machine_belt, plant.sorter_belt))
        belt.slip(round(rng.choice((0.3, 1.2, 3.0, 7.0)) * plant.geometry.window_um))
        world.wake_plant()


def _encoder_stuck(world: World, on: bool, rng: random.Random) -> None:
    if on:
        plant = world.plant
        belt = rng.choice((plant.machine_belt, plant.sorter_belt))
        belt.skip(round(rng.choice((0.3, 1.2, 1.9)) * plant.geometry.window_um))
        world.wake_plant()


def _ghost(world: World, on: bool, rng: random.Random) -> None:
    if on:
        world.plant.haunt(rng)
        world.wake_plant()


def _slip(world: World, on: bool, rng: random.Random) -> None:
    """The operator presses what is not asked for, or leaves one label out of a recount."""
    if on:
        slip = rng.choice(SLIPS)
        world.operator.misses_one |= slip is None
        world.operator.slips += [] if slip is None else [slip]


def _plc_restart(plc: str) -> Switch:
    def switch(world: World, on: bool, _: random.Random) -> None:
        if on:
            (world.plant.machine if plc == "machine_plc" else world.plant.sorter).restart()
            world.turn_wire(plc, "cut")
        else:
            world.turn_wire(plc, "")
        world.wake_plant()

    return switch


def _head_open(world: World, on: bool, rng: random.Random) -> None:
    if on:
        rng.choice(world.plant.printers).head_open = True


def _applicator(world: World, on: bool, rng: random.Random) -> None:
    head = rng.randrange(len(world.plant.printers))
    world.plant.machine.wire("applicator_faults", 1 << head if on else 0)
    world.wake_plant()


def _slow_disk(world: World, on: bool, _: random.Random) -> None:
    world.fsync_ms = (450, 550) if on else (2, 9)


def _clock(world: World, on: bool, rng: random.Random) -> None:
    if on:
        world.wall_step_ms += rng.choice((-4000, 3000, 3_600_000))


def _central_away(world: World, on: bool, _: random.Random) -> None:
    world.broker.away(gone=on)


def _central_flaps(world: World, on: bool, _: random.Random) -> None:
    if on:
        loop = asyncio.get_running_loop()
        for n in range(FLAPS):
            loop.call_later(FLAP_S * n, lambda gone: world.broker.away(gone=gone), n % 2 == 0)


def _confirms_lost(world: World, on: bool, _: random.Random) -> None:
    world.broker.forgets_confirms = on


def _manifest_again(world: World, on: bool, _: random.Random) -> None:
    if on:
        world.broker.send_manifest_again()


def _old_manifest(world: World, on: bool, _: random.Random) -> None:
    """The same lot in its second version; when that is in force, the first one comes once more."""
    for part in world.office.manifest(OLD_LOT_VERSION if on else 1):
        world.broker.send("manifest", part)


def _nonsense(world: World, on: bool, rng: random.Random) -> None:
    if on:
        world.broker.send(*rng.choice(NONSENSE))


def _cancelled(world: World, on: bool, rng: random.Random) -> None:
    if on:
        world.office.cancel(rng.choice(world.scene.population.orders).order_id)


def _called_back(*stands: str) -> Switch:
    """Central takes back an order that was dispatched, as far as it knows."""

    def switch(world: World, on: bool, rng: random.Random) -> None:
        if on and (there := world.office.words.standing(*stands)):
            world.office.cancel(rng.choice(there))

    return switch


def _amended(*stands: str) -> Switch:
    """Central sends an order elsewhere."""

    def switch(world: World, on: bool, rng: random.Random) -> None:
        if on and (there := world.office.words.standing(*stands)):
            world.office.amend(rng.choice(there), rng)

    return switch


def _old_word(world: World, on: bool, rng: random.Random) -> None:
    """An older word about an order comes after a newer one that counted."""
    if on and (there := world.office.words.settled()):
        world.office.old(rng.choice(there), rng)


def _not_granted(world: World, on: bool, rng: random.Random) -> None:
    """A word about an order that the line has never heard of."""
    if on:
        word = rng.choice((b'{"order_id": "O999999", "version": 1}', b'{"order_id": "\xe6\x97\xa0", "version": 9}'))
        world.broker.send("cancel", word)


KINDS: tuple[Kind, ...] = (
    Kind("guard_opened", (2.0, 8.0), _guard),
    Kind("estop_pressed", (2.0, 8.0), _estop, stops=True, often_per_h=4.0),
    Kind("jam_switch", (2.0, 8.0), _machine_input("jam", 1, 0), stops=True, often_per_h=4.0),
    Kind("encoder_jumped", (1.0,), _encoder, stops=True, often_per_h=4.0),
    Kind("encoder_stuck", (1.0,), _encoder_stuck, stops=True, often_per_h=4.0),
    Kind("ghost_seen", (1.0,), _ghost, stops=True, often_per_h=4.0),
    Kind("operator_slips", (1.0,), _slip, often_per_h=16.0, stops=True),
    Kind("mode_changed", (3.0, 10.0), _machine_input("mode", 2, 1)),
    Kind("machine_plc_restarted", (1.0, 5.0), _plc_restart("machine_plc"), stops=True, often_per_h=4.0),
    Kind("sorter_plc_restarted", (1.0, 5.0), _plc_restart("sorter_plc"), stops=True, often_per_h=4.0),
    Kind("head_opened", (1.0,), _head_open),
    Kind("applicator_fault", (1.0, 5.0, 60.0), _applicator),
    Kind("slow_disk", (5.0, 30.0), _slow_disk),
    Kind("clock_stepped", (1.0,), _clock),
    Kind("central_away", (5.0, 60.0, 600.0), _central_away, touches=False),
    Kind("central_flaps", (5.0,), _central_flaps, touches=False),
    Kind("confirms_lost", (20.0,), _confirms_lost, touches=False),
    Kind("manifest_again", (1.0,), _manifest_again, touches=False),
    Kind("old_manifest", (1.0,), _old_manifest, touches=False),
    Kind("nonsense_from_central", (1.0,), _nonsense, touches=False),
    Kind("order_cancelled", (1.0,), _cancelled, touches=False),
    Kind("order_called_back", (1.0,), _called_back("dispatched"), touches=False),
    Kind("order_gone_called_back", (1.0,), _called_back("gone"), touches=False),
    Kind("order_amended", (1.0,), _amended("granted"), touches=False, often_per_h=24.0),
    Kind("order_amended_too_late", (1.0,), _amended("dispatched", "gone", "cancelled", "ended"), touches=False),
    Kind("old_word", (1.0,), _old_word, touches=False, often_per_h=24.0),
    Kind("word_about_a_stranger", (1.0,), _not_granted, touches=False),
)
