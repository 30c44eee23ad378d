"""CPU time of the processes of a run, by group, read from /proc so that a killed process still counts."""

import os
from pathlib import Path

TICKS_PER_S = os.sysconf("SC_CLK_TCK")
VISION = "vision.worker"


def _stat(pid: int) -> tuple[int, float] | None:
    """(parent pid, CPU seconds) of a process; None when it is gone."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return None
    return int(fields[1]), (int(fields[11]) + int(fields[12])) / TICKS_PER_S


def _command_line(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
    except OSError:
        return ""


class CpuMeter:
    """Sampled now and then: each process keeps its last figure, under the group of the ancestor it was started by."""

    def __init__(self) -> None:
        self._roots: dict[int, str] = {}
        self._cpu_s: dict[int, tuple[str, float]] = {}

    def watch(self, pid: int, group: str) -> None:
        """Count this process and its descendants under `group`; vision workers are a group of their own."""
        self._roots[pid] = group

    def sample(self) -> None:
        """Look at all processes."""
        found = {int(p.name): stat for p in Path("/proc").iterdir() if p.name.isdigit() and (stat := _stat(int(p.name)))}
        for pid, (_, cpu_s) in found.items():
            group = self._group(pid, found)
            if group:
                known = self._cpu_s.get(pid)
                name = known[0] if known else "vision" if VISION in _command_line(pid) else group
                self._cpu_s[pid] = (name, cpu_s)

    def _group(self, pid: int, found: dict[int, tuple[int, float]]) -> str:
        while pid > 1:
            if pid in self._roots:
                return self._roots[pid]
            if pid not in found:
                return ""
            pid = found[pid][0]
        return ""

    def cpu_s(self) -> dict[str, float]:
        """CPU seconds by group."""
        sums: dict[str, float] = {}
        for group, cpu_s in self._cpu_s.values():
            sums[group] = sums.get(group, 0.0) + cpu_s
        return sums
