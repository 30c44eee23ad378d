"""Files that another house must believe: a payload with an Ed25519 signature over its very bytes. The one file that signs."""

import base64
import contextlib
import json
import os
from pathlib import Path
from typing import Any

import msgspec
from nacl.exceptions import BadSignatureError
from nacl.signing import SigningKey, VerifyKey

KEY_BYTES = 32


class SignatureError(Exception):
    """A key that cannot be used, or a file that must not be believed; the text says why."""


class Signed(msgspec.Struct, frozen=True):
    """The file: the payload in base64, so that nobody's JSON library changes its bytes; key and signature in hex."""

    payload: str
    key: str
    signature: str
    algorithm: str = "Ed25519"


def load_or_make(path: Path) -> SigningKey:
    """The secret key in this file; where there is none a pair is made, and its public half laid beside it as `.pub`."""
    try:
        if not path.exists():
            _make(path)
        secret = path.read_bytes()
        public = path.with_suffix(".pub")
        if len(secret) == KEY_BYTES and not public.exists():
            public.write_text(bytes(SigningKey(secret).verify_key).hex() + "\n", encoding="ascii")
    except OSError as error:
        raise SignatureError(f"signing key {path} cannot be used ({error.strerror}): correct the path or its rights") from error
    if len(secret) != KEY_BYTES:
        raise SignatureError(f"signing key {path} has {len(secret)} bytes instead of {KEY_BYTES}: take the file as it was made")
    return SigningKey(secret)


def _make(path: Path) -> None:
    """A new pair: whole or not at all; of two who make one at once, one wins."""
    key = SigningKey.generate()
    fresh = path.with_name(f"{path.name}.{os.getpid()}")
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as out:
        out.write(bytes(key))
        out.flush()
        os.fsync(out.fileno())
    try:
        with contextlib.suppress(FileExistsError):
            os.link(fresh, path)
    finally:
        fresh.unlink()


def read_public(text: str) -> bytes:
    """A public key as `.pub` has it. Raises SignatureError."""
    try:
        key = bytes.fromhex(text.strip())
    except ValueError as error:
        raise SignatureError("public key is not hex: take the .pub file as it was made") from error
    if len(key) != KEY_BYTES:
        raise SignatureError(f"public key has {len(key)} bytes instead of {KEY_BYTES}: take the .pub file as it was made")
    return key


def public_key(path: str) -> bytes:
    """The public key in this file; no file, no key. Raises SignatureError."""
    try:
        return read_public(Path(path).read_text("ascii", errors="replace")) if path else b""
    except OSError as error:
        raise SignatureError(f"public key {path} cannot be read ({error.strerror}): correct public_key_file") from error


def sign(content: Any, key: SigningKey) -> bytes:
    """The file of this content."""
    payload = json.dumps(content, sort_keys=True, ensure_ascii=False, separators=(",", ":")).encode()
    signature = key.sign(payload).signature
    return msgspec.json.encode(Signed(base64.b64encode(payload).decode(), bytes(key.verify_key).hex(), signature.hex()))


def believed(data: bytes, public: bytes) -> Any:
    """The content of a file that the holder of this key has signed. Raises SignatureError."""
    return json.loads(payload_of(data, public))


def payload_of(data: bytes, public: bytes) -> bytes:
    """The payload of a file or message that the holder of this key has signed. Raises SignatureError."""
    try:
        signed = msgspec.json.decode(data, type=Signed)
        payload, signature = base64.b64decode(signed.payload, validate=True), bytes.fromhex(signed.signature)
    except (ValueError, RecursionError) as error:  # msgspec's and base64's errors are such
        raise SignatureError(f"this is no signed file ({error})") from error
    if signed.key != public.hex():
        raise SignatureError("it was signed by somebody else: ask whose key this is")
    try:
        VerifyKey(public).verify(payload, signature)
    except (BadSignatureError, ValueError) as error:
        raise SignatureError("its signature is wrong: it was changed after it was signed, do not use it") from error
    return payload
