"""pyS7 as a client: reads words of the PLC's block, writes several items of the edge's block in one request.

usage: pys7_client.py PORT READ_DB READ_COUNT WRITE_DB   prints one line of JSON.
"""

import json
import sys

from pyS7 import S7Client
from pyS7.errors import S7Error


def main() -> None:
    """Talk."""
    port, read_db, read_count, write_db = map(int, sys.argv[1:])
    client = S7Client("127.0.0.1", 0, 1, port=port)
    client.connect()
    image = client.read([f"DB{read_db},W{2 * n}" for n in range(read_count)])
    client.write([f"DB{write_db},W2", f"DB{write_db},DW8", f"DB{write_db},B41"], [0x1267, 0x89ABCDEF, 0x55])
    try:
        client.write(["DB999,W0", f"DB{write_db},W4"], [1, 0x7777])
        refused = ""
    except S7Error as error:
        refused = type(error).__name__
    client.disconnect()
    print(json.dumps({"image": image, "refused": refused}))


if __name__ == "__main__":
    main()
