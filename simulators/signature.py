"""Central's signature: an Ed25519 key, and messages whose payload is signed over its very bytes."""

import base64
import json
from pathlib import Path

from nacl.signing import SigningKey


def make_key(public_file: Path) -> SigningKey:
    """A fresh key; its public half goes into this file, in hex, for the lines."""
    key = SigningKey.generate()
    public_file.write_text(bytes(key.verify_key).hex() + "\n", encoding="ascii")
    return key


def signed(payload: bytes, key: SigningKey) -> bytes:
    """The message around a payload, as the contract has it."""
    words = {"payload": base64.b64encode(payload).decode(), "key": bytes(key.verify_key).hex(), "algorithm": "Ed25519"}
    return json.dumps({**words, "signature": key.sign(payload).signature.hex()}).encode()
