"""Listen for laboratory messages over MLLP."""

import asyncio
import signal
import ssl
from concurrent.futures import ThreadPoolExecutor
from ipaddress import ip_address
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import close_old_connections

from dosing.hl7 import mllp
from dosing.services import Link
from patients.models import Staff
from tdm import hl7link


class Command(BaseCommand):
    help = "Listens for HL7 v2.5.1 ORU^R01 over MLLP; beyond loopback only with TLS."

    def add_arguments(self, parser: CommandParser) -> None:
        hl7link.add_arguments(parser)
        parser.add_argument("--host", default="127.0.0.1")
        parser.add_argument("--port", type=int, default=2575)
        parser.add_argument("--idle", type=float, default=mllp.IDLE_S, help="seconds")
        parser.add_argument("--line-feeds", action="store_true", help="take LF as CR")
        parser.add_argument("--cert", help="certificate chain (PEM): turns TLS on")
        parser.add_argument("--key", help="its private key (PEM)")
        parser.add_argument("--ca", help="only senders with a certificate of this CA")

    def handle(self, **options: Any) -> None:
        link = hl7link.link_of(options, tolerant=options["line_feeds"])
        actor = hl7link.actor_of(options, link)
        tls = context_of(options)
        if tls is None and not is_loopback(options["host"]):
            raise CommandError("Beyond loopback give --cert and --key.")
        server = server_of(link, actor, options["idle"])
        asyncio.run(self.listen(server, options, tls))

    async def listen(
        self, server: mllp.Server, options: dict[str, Any], tls: ssl.SSLContext | None
    ) -> None:
        try:
            running = await server.start(options["host"], options["port"], tls)
        except OSError as error:
            raise CommandError(f"Cannot listen there: {error}") from error
        host, port = running.sockets[0].getsockname()[:2]
        self.stdout.write(f"listening on {host}:{port}")
        self.stdout.flush()
        ended = asyncio.Event()
        loop = asyncio.get_running_loop()
        for sign in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(sign, ended.set)
        await ended.wait()
        running.close()


def is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:  # a name
        return host == "localhost"


def context_of(options: dict[str, Any]) -> ssl.SSLContext | None:
    if not options["cert"]:
        return None
    try:
        tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=options["ca"])
        tls.load_cert_chain(options["cert"], options["key"])
    except OSError as error:
        said = f"The certificate, its key or the CA cannot be read: {error}"
        raise CommandError(said) from error
    if options["ca"]:
        tls.verify_mode = ssl.CERT_REQUIRED
    return tls


def server_of(link: Link, actor: Staff, idle_s: float) -> mllp.Server:
    """Return a server that answers once a message is committed, one after another."""
    one = ThreadPoolExecutor(max_workers=1)

    def take_in(frame: bytes) -> list[str]:
        close_old_connections()
        return hl7link.take_in(frame, link, actor)

    async def handler(frame: bytes) -> list[str]:
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(one, take_in, frame)

    async def too_large(head: bytes) -> list[str]:
        return hl7link.too_large(head, link)

    return mllp.Server(handler, too_large, mllp.Limits(idle_s=idle_s))
