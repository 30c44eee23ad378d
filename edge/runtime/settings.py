"""What the configuration says, as the core and the links take it."""

from pathlib import Path

from drivers.label_printer import LabelPrinter, serial_printer, tcp_printer
from edge.core.values import Settings, SortPlan
from edge.runtime.asking import Abilities
from line_config.document_layout import load_document_layout
from line_config.label_layout import LabelLayout, load_label_layout
from line_config.model import LineConfig
from line_config.printers import SerialPrinterSection, TcpPrinterSection

BUILD_MS = 1_790_000_000_000
"""wall time at which this release was made: a clock before it is not set"""


def settings_of(config: LineConfig) -> Settings:
    """What the core needs of the configuration."""
    deadlines, limits, times, roll = config.deadlines, config.limits, config.time, config.printer.roll
    layout = load_label_layout(Path(config.line.label_layout))
    pages = config.document_printer
    ahead = {} if pages is None else {name: getattr(pages, name) for name in ("files_ahead_max", "sheets_ahead_max")}
    return Settings(
        line=config.line.name,
        target_rate_per_h=config.line.target_rate_per_h,
        frames_per_trigger=config.id_camera.frames_per_trigger,
        read_deadline_ms=deadlines.read_ms,
        transit_deadline_ms=deadlines.transit_ms,
        print_deadline_ms=deadlines.print_ms,
        label_read_deadline_ms=deadlines.label_read_ms,
        induction_deadline_ms=deadlines.induction_ms,
        scan_window_ms=deadlines.scan_window_ms,
        operator_code=config.central.operator_code,
        weight_min_g=limits.weight_min_g,
        weight_max_g=limits.weight_max_g,
        collation_deadline_ms=deadlines.collation_ms,
        time_limit_min=dict(times.limit_min),
        time_warning_min=times.warning_min,
        bag_items_max=limits.bag_items_max,
        starved_after_ms=limits.starved_after_s * 1000,
        central_away_max_min=limits.central_away_max_min,
        start_checks=tuple(config.start.confirm),
        build_ms=BUILD_MS,
        disk_start_mb=limits.disk_start_mb,
        disk_stop_mb=limits.disk_stop_mb,
        outbox_share_percent=limits.outbox_share_percent,
        lease_margin_min=limits.lease_margin_min,
        shift_starts_min=tuple(sorted(int(at[:2]) * 60 + int(at[3:]) for at in times.shifts)),
        utc_offset_min=times.utc_offset_min,
        media_labels=labels_of(roll.media_mm, layout),
        ribbon_labels=labels_of(roll.ribbon_mm, layout),
        roll_low_labels=roll.low_labels,
        test_label=roll.test_label,
        desk_printer=config.desk_printer is not None,
        heads=config.applicator.heads,
        standby=config.applicator.mode == "standby",
        **ahead,
    )


def labels_of(roll_mm: int, layout: LabelLayout) -> int:
    """How many labels a roll is good for, with the gaps between them."""
    return int(roll_mm / (layout.height_mm + layout.printer.gap_mm))


def printer_of(section: TcpPrinterSection | SerialPrinterSection) -> LabelPrinter:
    """The driver that the configuration names."""
    dialect, timeout_ms, more = section.dialect, section.reply_timeout_ms, section.more_status
    if section.kind == "serial":
        return serial_printer(dialect, section.device, section.baud, timeout_ms, more=more)
    return tcp_printer(dialect, section.host, section.port, section.status_port, timeout_ms, more=more)


def abilities_of(config: LineConfig) -> Abilities:
    """What this line can run, as central is told with each request."""
    kinds = tuple(load_document_layout(Path(path)).kind for path in config.line.documents)
    forms = tuple(form.pattern for form in config.tracking_numbers)
    return Abilities(kinds, tuple(config.line.envelope_formats), config.line.thickness_max_mm, forms)


def sort_plan_of(config: LineConfig) -> SortPlan:
    """The sort plan as the core knows it."""
    plan = config.sort_plan
    return SortPlan(plan.version, dict(plan.routes), plan.reject_chute, dict(plan.pick_up))
