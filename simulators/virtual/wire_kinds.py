"""Disturbances of wires and devices: both PLCs' wires, both cameras' workers, the printer's electronics."""

import random

from simulators.virtual.eyes import FRAMES, UNREAD
from simulators.virtual.kind import Kind, Switch
from simulators.virtual.world import World

DRIFTED = 0.4
"""share of frames that cannot be read while the exposure has drifted"""
PLCS = ("machine_plc", "sorter_plc")
CAMERAS = ("id_camera", "label_camera")
SHORT_S = (0.15, 0.4, 1.0, 3.0, 8.0, 12.0)


def _wire(trouble: str, *plcs: str) -> Switch:
    """This trouble on the wires named, or on one of the two."""

    def switch(world: World, on: bool, rng: random.Random) -> None:
        for plc in plcs or PLCS:
            world.turn_wire(plc, "")
        for plc in plcs or (rng.choice(PLCS),):
            world.turn_wire(plc, trouble if on else "")

    return switch


def _blind(camera: str) -> Switch:
    def switch(world: World, on: bool, _: random.Random) -> None:
        world.sights[camera].blind = on

    return switch


def _worker_dies(world: World, on: bool, rng: random.Random) -> None:
    _of_one_camera(world, "dead", rng, on=on)


def _worker_hangs(world: World, on: bool, rng: random.Random) -> None:
    _of_one_camera(world, "hanging", rng, on=on)


def _of_one_camera(world: World, what: str, rng: random.Random, *, on: bool) -> None:
    struck = rng.choice(CAMERAS)
    for camera in CAMERAS:
        setattr(world.sights[camera], what, on and camera == struck)
        world.turn_sight(camera)


def _misses_burst(world: World, on: bool, rng: random.Random) -> None:
    """A camera misses one burst and counts on from there, until somebody sees it and sets it right."""
    struck = rng.choice(CAMERAS)
    for camera in CAMERAS:
        world.sights[camera].behind = FRAMES if on and camera == struck else 0


def _exposure(world: World, on: bool, rng: random.Random) -> None:
    struck = rng.choice(CAMERAS)
    for camera in CAMERAS:
        world.sights[camera].unread = DRIFTED if on and camera == struck else UNREAD


def _head_off(*, keeps_queue: bool) -> Switch:
    def switch(world: World, on: bool, rng: random.Random) -> None:
        if on:
            world.struck_head = rng.randrange(len(world.plant.printers))
        world.printer_off(world.struck_head, off=on, keeps_queue=keeps_queue)

    return switch


def _of_one_head(what: str) -> Switch:
    def switch(world: World, on: bool, rng: random.Random) -> None:
        struck = rng.choice(world.printer_wires)
        for wire in world.printer_wires:
            setattr(wire, what, on and wire is struck)

    return switch


def _desk_printer_off(world: World, on: bool, _: random.Random) -> None:
    """What was sent to it meanwhile comes out when it has its power again: nobody waits for that label any more."""
    world.desk_wire.off = on
    if on:
        world.plant.desk_printer.power_off()


def _paper(what: str) -> Switch:
    def switch(world: World, on: bool, _: random.Random) -> None:
        setattr(world.paper.pages, what, on)

    return switch


PAPER_S = (5.0, 20.0, 60.0, 120.0)
PAPER = {"document_printer_silent": "silent", "document_printer_empty": "out_of_paper", "file_server_away": "server_away"}
KINDS: tuple[Kind, ...] = (
    *(Kind(name, PAPER_S, _paper(what), touches=False) for name, what in PAPER.items()),
    Kind("machine_plc_link_cut", SHORT_S, _wire("cut", "machine_plc")),
    Kind("sorter_plc_link_cut", SHORT_S, _wire("cut", "sorter_plc")),
    Kind("plc_deaf", SHORT_S, _wire("deaf")),
    Kind("plc_mute", SHORT_S, _wire("mute")),
    Kind("image_frozen", (0.1, 0.25, 1.0, 4.0), _wire("frozen")),
    Kind("old_answers", (0.5, 3.0), _wire("replayed")),
    Kind("exchange_refused", (0.1, 0.5, 2.0), _wire("refused")),
    Kind("answer_cut_short", (0.1, 0.5, 2.0), _wire("short")),
    Kind("telegram_doubled", (1.0, 5.0), _wire("doubled")),
    Kind("loop_blocked", (0.2, 1.0, 2.5, 5.0), _wire("stalled", *PLCS)),
    Kind("id_camera_blind", (0.2, 1.0, 4.0), _blind("id_camera")),
    Kind("label_camera_blind", (0.2, 1.0, 4.0), _blind("label_camera")),
    Kind("worker_dies", (0.6, 2.0, 20.0), _worker_dies),
    Kind("worker_hangs", (0.5, 2.0, 9.0), _worker_hangs),
    Kind("camera_misses_burst", (3.0, 20.0), _misses_burst),
    Kind("exposure_drift", (10.0, 30.0), _exposure),
    Kind("printer_rebooted", (3.0, 8.0), _head_off(keeps_queue=False)),
    Kind("desk_printer_off", (60.0, 120.0, 300.0), _desk_printer_off, touches=False),
    Kind("printer_status_garbage", (0.5, 4.0), _of_one_head("garbage")),
    Kind("printer_kept_queue", (2.0, 10.0), _head_off(keeps_queue=True)),
    Kind("printer_silent", (0.1, 1.0, 6.0), _of_one_head("silent")),
)
