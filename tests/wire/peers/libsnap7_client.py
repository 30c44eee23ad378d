"""libsnap7, the C library in the wheel of python-snap7 2.0.2, as a client: typed items, several in one request.

usage: libsnap7_client.py PORT READ_DB WRITE_DB   prints one line of JSON.
"""

import ctypes
import json
import sys

from snap7.client import Client
from snap7.type import Area, S7DataItem, WordLen


def _item(kind: WordLen, block: int, start: int, count: int, content: bytes) -> S7DataItem:
    item = S7DataItem()
    item.Area, item.WordLen, item.DBNumber = ctypes.c_int32(Area.DB.value), ctypes.c_int32(kind.value), ctypes.c_int32(block)
    item.Start, item.Amount = ctypes.c_int32(start), ctypes.c_int32(count)
    buffer = ctypes.create_string_buffer(content, len(content))
    item.pData = ctypes.cast(ctypes.pointer(buffer), ctypes.POINTER(ctypes.c_uint8))
    return item


def main() -> None:
    """Talk."""
    port, read_db, write_db = map(int, sys.argv[1:])
    client = Client()
    client.connect("127.0.0.1", 0, 1, port)
    asked = [
        _item(WordLen.Byte, read_db, 1, 3, bytes(3)),
        _item(WordLen.Word, read_db, 2, 2, bytes(4)),
        _item(WordLen.DWord, read_db, 4, 1, bytes(4)),
        _item(WordLen.Bit, read_db, 4, 1, bytes(1)),
        _item(WordLen.Byte, read_db, 4000, 1, bytes(1)),
    ]
    _, read = client.read_multi_vars((S7DataItem * len(asked))(*asked))
    written = [
        _item(WordLen.Byte, write_db, 3, 1, b"\x67"),
        _item(WordLen.Word, write_db, 4, 2, b"\x00\x01\xff\xff"),
        _item(WordLen.DWord, write_db, 8, 1, b"\x89\xab\xcd\xef"),
        _item(WordLen.Real, write_db, 12, 1, b"\x3f\x80\x00\x00"),
    ]
    client.write_multi_vars(written)
    client.disconnect()
    found = [
        [item.Result, bytes(item.pData[: len(content)]).hex()]
        for item, content in zip(read, (b"...", b"....", b"....", b".", b"."), strict=True)
    ]
    print(json.dumps({"read": found}))


if __name__ == "__main__":
    main()
