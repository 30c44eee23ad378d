"""An S7 device made with libsnap7, the C server in the wheel of python-snap7 2.0.2: two data blocks.

usage: s7_server.py READ_DB HEX WRITE_DB BYTES   prints its port, ends at EOF on stdin.
"""

import ctypes
import socket
import sys

from snap7.server import Server
from snap7.type import SrvArea


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def main() -> None:
    """Serve."""
    read_db, content, write_db, size = sys.argv[1:]
    source = bytes.fromhex(content)
    blocks = {
        int(read_db): (ctypes.c_uint8 * len(source)).from_buffer_copy(source),
        int(write_db): (ctypes.c_uint8 * int(size))(),
    }
    server = Server(log=False)
    for number, block in blocks.items():
        server.register_area(SrvArea.DB, number, block)
    port = _free_port()
    server.start_to("127.0.0.1", port)
    print(port, flush=True)
    sys.stdin.read()
    server.stop()


if __name__ == "__main__":
    main()
