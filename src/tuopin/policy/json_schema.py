"""What may an editor suggest while somebody writes a pack? JSON schema of each file, with what each key means."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tuopin.policy.files import ExamplesFile, FactsFile, LinesFile, PackFile, PackPart, StandardsFile
from tuopin.policy.yaml_text import load

FILES: Mapping[str, type[PackPart]] = {
    "pack.yaml": PackFile,
    "facts.yaml": FactsFile,
    "lines.yaml": LinesFile,
    "standards.yaml": StandardsFile,
    "examples.yaml": ExamplesFile,
}

Meanings = Mapping[str, Mapping[str, Mapping[str, str]]]


def key_meanings() -> Meanings:
    """What each key means and an example of it, by model of policy/files.py and key."""
    meanings: Meanings = load(Path(__file__).with_name("pack_keys.yaml")).data
    return meanings


def json_schemas() -> dict[str, dict[str, Any]]:
    """The schema of each file of a pack, by the file's name (`standards.yaml` is for every file in `standards/`)."""
    meanings = key_meanings()
    return {name: _schema(name, model, meanings) for name, model in FILES.items()}


def _schema(name: str, model: type[PackPart], meanings: Meanings) -> dict[str, Any]:
    schema = model.model_json_schema()
    for title, part in {model.__name__: schema, **schema.get("$defs", {})}.items():
        for key, about in part.get("properties", {}).items():
            said = meanings[title][key]
            about["description"] = f"{said['means']} Example: {said['example']}"
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema, "title": name}
