"""Configuration: /qdrant/config/*.yaml, then QDRANT__SECTION__KEY variables, which win."""

import os
from pathlib import Path
from typing import Any

import yaml

CONFIG_DIRECTORY = Path("/qdrant/config")
# As the official image reads them; `local` and `production` are its run modes.
CONFIG_FILES = ("config.yaml", "production.yaml", "local.yaml")


def read_settings() -> dict[str, Any]:
    settings: dict[str, Any] = {
        "service": {"host": "0.0.0.0", "http_port": 6333},
        "storage": {"storage_path": "/qdrant/storage", "snapshots_path": "/qdrant/snapshots"},
    }
    for name in CONFIG_FILES:
        path = CONFIG_DIRECTORY / name
        if path.exists():
            merge(settings, yaml.safe_load(path.read_text()) or {})
    for name, value in os.environ.items():
        if name.startswith("QDRANT__"):
            merge(settings, nested(name[len("QDRANT__") :].lower().split("__"), yaml.safe_load(value)))
    return settings


def nested(keys: list[str], value: Any) -> dict[str, Any]:
    for key in reversed(keys):
        value = {key: value}
    return value


def merge(target: dict[str, Any], source: dict[str, Any]) -> None:
    for key, value in source.items():
        if isinstance(value, dict) and isinstance(target.get(key), dict):
            merge(target[key], value)
        else:
            target[key] = value
