"""What a person does about a picture that was not read: one sentence per reason code."""

MODULE_PX_MIN = 2.5
"""Below it a camera reads by luck."""

HINTS = {
    # --- the light, the lens and the place ---
    "too_dark": "too dark: longer exposure, more light, or open the iris",
    "too_bright": "too bright: shorter exposure, less light, or close the iris",
    "glare": "glare: move or tilt the light so that its reflection misses the camera",
    "blurred": "blurred: focus the lens and clean it; at belt speed shorten the exposure",
    "coarse": f"fewer than {MODULE_PX_MIN} px per module: move the camera nearer or use a longer lens",
    "nothing_found": "no symbol and no document's number: fill the picture with it, or say --kind if it is known",
    "engines_disagree": "two readers say different numbers: take a sharper picture, or enter the number by hand",
    "reader_failed": "our fault: the readers stumbled over this picture; keep it, report it, take another",
    # --- the file ---
    "no_such_file": "there is no such file: check its name and whether you may read it",
    "empty_file": "the file has no content: copy it again",
    "not_a_picture": "no picture that is known: save it as PNG, JPEG, BMP, GIF, TIFF, WebP, PGM or PPM",
    "broken_file": "the file ends too early or is damaged: copy it again",
    "too_large": "more than 64 megapixels or 256 MB: save it smaller",
    "too_small": "less than 16 px wide or high: save it larger",
}


def hint(reason: str) -> str:
    """What to do next; "" where the reason, or the part of it before a colon, asks for nothing."""
    return HINTS.get(reason.partition(":")[0], "")
