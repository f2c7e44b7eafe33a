"""What may an editor suggest while somebody writes a pack? JSON schema of each file."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tuopin.policy.files import ExamplesFile, FactsFile, LinesFile, PackFile, PackPart, StandardsFile

FILES: Mapping[str, type[PackPart]] = {
    "pack.yaml": PackFile,
    "facts.yaml": FactsFile,
    "lines.yaml": LinesFile,
    "standards.yaml": StandardsFile,
    "examples.yaml": ExamplesFile,
}


def json_schemas() -> dict[str, dict[str, Any]]:
    """The schema of each file of a pack, by the file's name (`standards.yaml` is for every file in `standards/`)."""
    return {
        name: {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": name, **model.model_json_schema()}
        for name, model in FILES.items()
    }
