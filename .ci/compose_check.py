"""Run what docker-compose.yml runs, without Docker, and ask each part for its health.

Needs DATABASE_URL and CELERY_BROKER_URL, which `python -m tdm.embedded with --` lends.
"""

import os
import shutil
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parent.parent
PATIENCE_S = 60
FILLED_IN = {"SECRET_KEY": "x" * 60, "POSTGRES_PASSWORD": "x", "ALLOWED_HOSTS": "x"}


def main() -> int:
    services = yaml.safe_load((ROOT / "docker-compose.yml").read_text())["services"]
    ours = {name: it for name, it in services.items() if "build" in it}
    environment = surroundings()
    check_syntax()
    well = [check(name, ours.pop("migrate"), environment) for name in ["migrate"]]
    running = {
        name: begin(it["command"], environment) for name, it in sorted(ours.items())
    }
    try:
        well += [check(name, ours[name], environment) for name in running]
    finally:
        for process in running.values():
            process.terminate()
        for process in running.values():
            process.wait()
    return 0 if all(well) else 1
