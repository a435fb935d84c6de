"""A program with a key, as tests of the API send it out."""

import json
from typing import Any

from django.test import Client

from patients import services
from patients.models import Scope, Site, Staff

Answer = Any


class Program:
    """A REST client with a key; addresses begin after /api/v1/."""

    def __init__(self, key: str) -> None:
        self.authorization = f"Token {key}"
        self.client = Client(headers={"authorization": self.authorization})

    def get(self, address: str, **headers: str) -> Answer:
        return self.client.get(f"/api/v1/{address}", headers=named(headers))

    def post(self, address: str, body: object, **headers: str) -> Answer:
        return self.send("post", address, body, **headers)

    def put(self, address: str, body: object, **headers: str) -> Answer:
        return self.send("put", address, body, **headers)

    def send(self, method: str, address: str, body: object, **headers: str) -> Answer:
        raw = body if isinstance(body, str | bytes) else json.dumps(body)
        return getattr(self.client, method)(
            f"/api/v1/{address}",
            raw,
            content_type=headers.pop("content_type", "application/json"),
            headers=named(headers),
        )


def named(headers: dict[str, str]) -> dict[str, str]:
    return {name.replace("_", "-"): value for name, value in headers.items()}


def a_program(
    site: Site, actor: Staff, *scopes: str, name: str = "registry", **facts: Any
) -> Program:
    _token, key = services.issue_token(
        name=name,
        site=site,
        scopes=list(scopes or Scope.values),
        days=30,
        actor=actor,
        **facts,
    )
    return Program(key)
