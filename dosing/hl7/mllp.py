"""Frames of the minimal lower layer protocol: 0x0B, a message, 0x1C 0x0D."""

import asyncio
import logging
import ssl
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

logger = logging.getLogger(__name__)

BEGIN, END = b"\x0b", b"\x1c\x0d"
MOST_BYTES = 1_000_000
MOST_HEARD_OUT_BYTES = 64_000_000
IDLE_S = 60.0

Handler = Callable[[bytes], Awaitable[list[str]]]


def framed(message: str) -> bytes:
    return BEGIN + message.encode() + END


@dataclass(frozen=True, slots=True)
class Limits:
    """How large a frame may be, and how long a silent link is kept (seconds)."""

    most_bytes: int = MOST_BYTES
    idle_s: float = IDLE_S


class Server:
    """Answers each frame after its handler is through; a broken frame ends a link.

    A frame without an end is never answered, so that its sender sends it again.
    """

    def __init__(
        self, handler: Handler, too_large: Handler, limits: Limits | None = None
    ) -> None:
        self.handler, self.too_large = handler, too_large
        self.limits = limits or Limits()

    async def start(
        self, host: str, port: int, tls: ssl.SSLContext | None = None
    ) -> asyncio.Server:
        return await asyncio.start_server(
            self.serve, host, port, ssl=tls, limit=self.limits.most_bytes
        )

    async def serve(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        try:
            while await self.one(reader, writer):
                pass
        except (TimeoutError, asyncio.IncompleteReadError):
            logger.warning("a link fell silent or broke off within a frame")
        except ConnectionError:
            logger.warning("a link was lost")
        finally:
            writer.close()

    async def one(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> bool:
        """Take one frame and answer it; False ends the link."""
        idle = self.limits.idle_s
        begin = await asyncio.wait_for(reader.read(1), idle)
        if begin != BEGIN:
            return begin in {b"\r", b"\n"}
        try:
            frame = await asyncio.wait_for(reader.readuntil(END), idle)
        except asyncio.LimitOverrunError:
            head = await reader.read(self.limits.most_bytes)
            await self.say(writer, await self.too_large(head.split(b"\r")[0]))
            await self.hear_out(reader)
            return False
        body = frame.removesuffix(END)
        if not body.strip():
            logger.warning("an empty frame")
            return False
        await self.say(writer, await self.handler(body))
        return True

    async def hear_out(self, reader: asyncio.StreamReader) -> None:
        """Throw the rest of a frame away.

        A link that ends while its sender still speaks takes our answer with it.
        """
        left, last = MOST_HEARD_OUT_BYTES, b""
        async with asyncio.timeout(self.limits.idle_s):
            while left > 0 and (more := await reader.read(65_536)):
                if END in last + more:
                    return
                left, last = left - len(more), more[-1:]

    async def say(self, writer: asyncio.StreamWriter, answers: list[str]) -> None:
        for each in answers:
            writer.write(framed(each))
        await writer.drain()
