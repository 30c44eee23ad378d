"""When a certificate ends: as openssl makes it, and as nobody should."""

import contextlib
import shutil
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from drivers.certificate import not_after
from drivers.ports import DeviceRefused

pytestmark = pytest.mark.skipif(shutil.which("openssl") is None, reason="needs: apt-get install openssl")


def made(folder: Path, days: int) -> Path:
    path = folder / "c.crt"
    command = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
    command += ["-days", str(days), "-subj", "/CN=line-1", "-keyout", str(folder / "c.key"), "-out", str(path)]
    subprocess.run(command, check=True, capture_output=True)
    return path


# Behind 2049 the end is a GeneralizedTime.
@pytest.mark.parametrize("days", [1, 29, 365, 20_000])
def test_its_end_is_what_openssl_says(tmp_path: Path, days: int) -> None:
    path = made(tmp_path, days)
    said = subprocess.run(["openssl", "x509", "-in", path, "-noout", "-enddate"], check=True, capture_output=True, text=True)
    told = datetime.strptime(said.stdout.partition("=")[2].strip(), "%b %d %H:%M:%S %Y %Z").replace(tzinfo=UTC)
    assert not_after(path) == told
    assert abs(told - datetime.now(UTC) - timedelta(days=days)) < timedelta(minutes=5)


def test_a_chain_is_as_good_as_its_first(tmp_path: Path) -> None:
    one, two = made(tmp_path, 5).read_text(), made(tmp_path, 500).read_text()
    (tmp_path / "chain.crt").write_text(f"subject=line-1\n{one}{two}")
    assert not_after(tmp_path / "chain.crt") < datetime.now(UTC) + timedelta(days=6)


@pytest.mark.parametrize("text", ["", "no certificate", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"])
def test_what_is_none_is_named(tmp_path: Path, text: str) -> None:
    (tmp_path / "c.crt").write_text(text)
    with pytest.raises(DeviceRefused, match="take the PEM file"):
        not_after(tmp_path / "c.crt")
    with pytest.raises(DeviceRefused):
        not_after(tmp_path / "none.crt")


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=200)
@given(st.data())
def test_one_that_was_damaged_is_read_or_named(tmp_path: Path, data: st.DataObject) -> None:
    path = tmp_path / "c.crt"
    whole = path.read_text() if path.exists() else made(tmp_path, 9).read_text()
    at = data.draw(st.integers(0, len(whole) - 1))
    spoilt = tmp_path / "spoilt.crt"
    spoilt.write_text(whole[:at] + data.draw(st.sampled_from("A/9=\n-")) + whole[at + 1 :])
    with contextlib.suppress(DeviceRefused):
        assert not_after(spoilt).tzinfo is UTC
