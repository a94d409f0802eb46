"""Holds back what goes through it: `delay.py <port> <latency ms> <jitter ms> <seed>`.

Listens where the firewall redirects the node's incoming connections to, finds out which port each was meant for, and
passes bytes on in order, each chunk late by latency plus or minus jitter, in both directions.
"""

import asyncio
import random
import socket
import struct
import sys

SO_ORIGINAL_DST = 80  # linux/netfilter_ipv4.h
CHUNK_BYTES = 65536


def wanted_port(connection: socket.socket) -> int:
    """The port that the client asked for, before the redirection (`struct sockaddr_in`)."""
    raw = connection.getsockopt(socket.SOL_IP, SO_ORIGINAL_DST, 16)
    return struct.unpack("!2xH4x8x", raw)[0]


async def pass_on(reader, writer, delay_s) -> None:
    """Reading goes on while earlier chunks wait: the delay is a latency, not a rate."""
    queue: asyncio.Queue = asyncio.Queue(maxsize=256)
    loop = asyncio.get_running_loop()

    async def deliver() -> None:
        while True:
            due, chunk = await queue.get()
            await asyncio.sleep(max(0.0, due - loop.time()))
            if not chunk:
                writer.write_eof()
                return
            writer.write(chunk)
            await writer.drain()

    async def collect() -> None:
        while True:
            chunk = await reader.read(CHUNK_BYTES)
            await queue.put((loop.time() + delay_s(), chunk))
            if not chunk:
                return

    await asyncio.gather(deliver(), collect())


async def main(port: int, latency_ms: float, jitter_ms: float, seed: int) -> None:
    source = random.Random(seed)

    def delay_s() -> float:
        return max(0.0, latency_ms + source.uniform(-jitter_ms, jitter_ms)) / 1000

    async def serve(client_reader, client_writer) -> None:
        try:
            target = wanted_port(client_writer.get_extra_info("socket"))
            node_reader, node_writer = await asyncio.open_connection("127.0.0.1", target)
        except OSError:
            client_writer.transport.abort()
            return
        try:
            await asyncio.gather(
                pass_on(client_reader, node_writer, delay_s), pass_on(node_reader, client_writer, delay_s)
            )
        except OSError:
            pass
        finally:
            node_writer.transport.abort()
            client_writer.transport.abort()

    server = await asyncio.start_server(serve, "0.0.0.0", port)
    await server.serve_forever()


asyncio.run(main(int(sys.argv[1]), float(sys.argv[2]), float(sys.argv[3]), int(sys.argv[4])))
