"""One layout and one label that the tests share. The person is made up and looks it."""

from pathlib import Path

import line_config
from edge.labels.fields import LabelFields
from line_config.label_layout import LabelLayout, load_label_layout

LAYOUTS = sorted((Path(line_config.__file__).parent / "labels").glob("ems_*.toml"))
LAYOUT_FILE = Path(line_config.__file__).parent / "labels" / "ems_100x150_203.toml"
LAYOUT: LabelLayout = load_label_layout(LAYOUT_FILE)
FIELDS = LabelFields(
    tracking_number="EA123456785CN",
    payload_qr="EA123456785CN;123456",
    name="测**",
    phone="199******01",
    address="广东省广州市越秀区样例路8号测试大厦12栋*单元***室",
    county="440104",
    product="EMS 政务专递",
    chute=2,
    sender_unit="广州市公安局样例分局出入境管理大队",
    sender_address="广东省广州市越秀区样例中路100号",
)
