"""The end of a listening server, with nothing left open behind it."""

import asyncio

ACCEPT_TURNS = 5
"""of the loop, from a connection that was accepted to the one who serves it"""


async def stop_accepting(server: asyncio.Server) -> None:
    """Take no more connections, and let those arrive that were just taken: who closes the server in between loses them open.

    asyncio refuses a transport to a closed server after the socket was accepted (base_events.Server._attach).
    """
    loop = asyncio.get_running_loop()
    for listening in server.sockets:
        loop.remove_reader(listening.fileno())
    for _ in range(ACCEPT_TURNS):
        await asyncio.sleep(0)
    server.close()
