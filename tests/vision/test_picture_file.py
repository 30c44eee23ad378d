import io
import zlib

import numpy as np
import pytest
from PIL import Image, ImageFile

from tests.vision.image_fuzz import fuzz, seeds
from tests.vision.test_warden import bomb
from vision.picture_file import UnreadableFile, decode_picture, load_picture

GROWN_KIB_MAX = 900_000
"""64 megapixels in colour, for a moment; a worker has a limit of its own"""


def packed(picture, form="png", **options):
    data = io.BytesIO()
    picture.save(data, form, **options)
    return data.getvalue()


def ramp(dtype=np.uint8, top=255):
    return np.linspace(0, top, 60 * 80).reshape(60, 80).astype(dtype)


@pytest.mark.parametrize("name", list(seeds()))
def test_every_kind_is_read_as_it_is(name):
    assert decode_picture(seeds()[name]).shape == (24, 32)


@pytest.mark.parametrize(("dtype", "top"), [(np.uint16, 65535), (np.uint16, 4095), (np.int32, 1023)])
def test_deep_pictures_keep_their_shades(dtype, top):
    grey = decode_picture(packed(Image.fromarray(ramp(dtype, top)), "tiff")).astype(int)
    assert np.abs(grey - ramp().astype(int)).max() <= 3


def test_the_first_picture_of_a_film_and_a_wrong_ending(tmp_path):
    film = packed(
        Image.fromarray(ramp()), "gif", save_all=True, append_images=[Image.fromarray(255 - ramp())] * 200, duration=1
    )
    path = tmp_path / "picture.jpg"
    path.write_bytes(film)
    assert np.abs(load_picture(path).astype(int) - ramp()).max() < 6


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "empty_file"),
        (b"\x00" * 5000, "not_a_picture"),
        (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 100 100\n", "not_a_picture"),
        (packed(Image.new("L", (1, 1))), "too_small"),
        (packed(Image.new("L", (900, 3))), "too_small"),
        (packed(Image.fromarray(ramp()))[:-60], "broken_file"),
        (packed(Image.fromarray(ramp()), "jpeg")[:300], "broken_file"),
        (bomb(), "too_large"),
    ],
)
def test_a_typed_error_each(data, reason):
    with pytest.raises(UnreadableFile, match=f"^{reason}$"):
        decode_picture(data)


def test_a_hundred_megapixels_are_refused_by_the_header_alone(monkeypatch):
    speck = bytearray(packed(Image.new("L", (16, 16))))
    speck[16:24] = (10_000).to_bytes(4, "big") * 2
    speck[29:33] = zlib.crc32(speck[12:29]).to_bytes(4, "big")
    monkeypatch.setattr(ImageFile.ImageFile, "load", None)
    with pytest.raises(UnreadableFile, match="too_large"):
        decode_picture(bytes(speck))


def test_what_is_no_file(tmp_path):
    for path in (tmp_path, tmp_path / "none.png", tmp_path / ("x" * 300)):
        with pytest.raises(UnreadableFile):
            load_picture(path)


def test_twenty_thousand_torn_pictures():
    """A million in `make campaign`."""
    found = fuzz(20_000, 1)
    assert found.escaped == []
    assert found.outcomes["pixels"] > 500
    assert {"broken_file", "not_a_picture", "too_large", "too_small"} <= set(found.outcomes)
    assert found.grown_kib < GROWN_KIB_MAX
