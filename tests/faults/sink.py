"""A relay on loopback that notes what it accepts before it says so, and often fails.

`python -m tests.faults.sink FOLDER FAILS SEED`: the port stands in FOLDER/port, the
accepted Message-IDs in FOLDER/accepted; FAILS of the messages are put off.
"""

import asyncio
import os
import random
import sys
from email import message_from_bytes
from pathlib import Path

from aiosmtpd.smtp import SMTP, Envelope, Session

ANSWERS_AFTER_S = 0.03
"""So long a message is accepted before its sender hears of it: doubles begin here."""


class Sink:
    def __init__(self, log: Path, fails: float, seed: int) -> None:
        self.log = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        self.fails, self.luck = fails, random.Random(seed)  # noqa: S311 - no secret

    async def handle_DATA(  # noqa: N802 - aiosmtpd asks for this name
        self, _server: SMTP, _session: Session, envelope: Envelope
    ) -> str:
        if self.luck.random() < self.fails:
            return "451 Try again later"
        content = envelope.content
        assert isinstance(content, bytes)
        os.write(self.log, f"{message_from_bytes(content)['Message-ID']}\n".encode())
        await asyncio.sleep(ANSWERS_AFTER_S)
        return "250 Accepted"


async def serve(folder: Path, fails: float, seed: int) -> None:
    sink, loop = Sink(folder / "accepted", fails, seed), asyncio.get_running_loop()
    server = await loop.create_server(
        lambda: SMTP(sink, loop=loop, hostname="sink"), "127.0.0.1", 0
    )
    note = folder / "port.new"
    note.write_text(str(server.sockets[0].getsockname()[1]))
    note.rename(folder / "port")
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(serve(Path(sys.argv[1]), float(sys.argv[2]), int(sys.argv[3])))
