"""What must be provoked at the machine, as a table, and the small port through which a check asks for it."""

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from typing import NamedTuple, Protocol

from edge.conformance.check import Kind


class Act(NamedTuple):
    """Something that only hands at the machine can do; `{n}` is the act's number."""

    zh: str
    en: str


ACTS: dict[str, Act] = {
    "load": Act("在给料器中放入至少 {n} 张样张", "Put at least {n} sample documents into the feeder"),
    "print_label": Act(
        "让打印机打印一张标签到吸盘上（打印号 {n}）", "Have the printer put one label on the pad (print id {n})"
    ),
    "take_off": Act("把下一张证件在插入口前从皮带上取走", "Take the next document off the belt before the insert gate"),
    "put_on": Act(
        "遮挡一次插入口传感器（皮带上没有证件）", "Cover the sensor of the insert gate once, with nothing on the belt"
    ),
    "cover_tray": Act(
        "遮蔽证件托盘传感器，使其看不到落下的证件", "Keep the sensor of the document tray from seeing what falls in"
    ),
    "cover_eject": Act("遮蔽未封信封剔除口传感器", "Keep the sensor of the unsealed eject from seeing what falls in"),
    "cover_reject": Act("遮蔽已封信封剔除口传感器", "Keep the sensor of the sealed reject from seeing what falls in"),
    "place": Act("在扫描器前放一个已封口的信封", "Put one sealed envelope on the belt before the induction scanner"),
    "show_label": Act(
        "皮带静止时,用手在面单相机前放一张标签", "With the belt standing, hold one label before the label camera"
    ),
    "take_parcel": Act("把下一个信封在分拣口前从皮带上取走", "Take the next envelope off the belt before the diverters"),
    "put_parcel": Act(
        "遮挡一次分拣口前的传感器（皮带上没有信封）", "Cover the sensor before the diverters once, with nothing there"
    ),
    "cover_chute": Act("遮蔽 {n} 号格口的传感器", "Keep the sensor of chute {n} from seeing what falls in"),
    "uncover": Act("恢复该传感器", "Set that sensor free again"),
    "estop": Act("按下急停按钮", "Press an emergency stop"),
    "estop_reset": Act("复位急停按钮", "Release the emergency stop and reset it"),
    "guard_open": Act("打开一个防护门", "Open a guard"),
    "guard_close": Act("关闭防护门", "Close the guard"),
    "key_maintenance": Act("将钥匙开关转到“维护”", "Turn the key switch to Maintenance"),
    "key_production": Act("将钥匙开关转回“生产”", "Turn the key switch back to Production"),
    "power_cycle": Act("将 PLC 断电再上电", "Switch the PLC off and on"),
    "near_wrap": Act(
        "用编程设备把最后发出的事件号和最后收到的命令号设为 {n}；不做则按完整路径计数（几分钟）",
        "With the programming device set the last event and command number to {n}; else all numbers are gone through",
    ),
}


class Stimulus(Protocol):
    """Hands at the machine: a person, or the simulated plant."""

    async def do(self, act: str, number: int = 0) -> bool:
        """Do it; False = it cannot be done here, and the check is skipped or goes another way."""


class Stand(Stimulus, Protocol):
    """A simulated machine with hands of its own: what an entry point of the group `sealline.stimuli` makes of a kind."""

    def serve(self, wire: str) -> AbstractAsyncContextManager[str]:
        """Run it on a real socket; `wire` is "modbus" or "s7"; yields the target, e.g. "modbus://127.0.0.1:1502/1"."""


MakeStand = Callable[[Kind], Stand]
