"""Does the reference of the pack's files list every key that the program knows, and no other?"""

from __future__ import annotations

import pytest

from docs.generate import pack_files
from tests.pages import read
from tuopin.policy import files, json_schemas

PAGE = "reference/pack-files.md"


def test_every_key_of_every_file_is_described_as_the_program_reads_it() -> None:
    page = read(PAGE)
    assert page == pack_files.renewed(page), "run `make docs` and commit docs/reference/pack-files.md"


def test_a_key_without_a_meaning_would_be_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    class Tier(files.Tier):
        flag: str

    monkeypatch.setattr(files, "Tier", Tier)
    with pytest.raises(ValueError, match="flag"):
        pack_files.renewed(read(PAGE))


def test_a_model_without_a_place_on_the_page_would_be_noticed() -> None:
    with pytest.raises(ValueError, match="Tier"):
        pack_files.renewed(read(PAGE).replace("<!-- keys: Tier -->", ""))


def test_an_editor_is_told_what_each_key_means_and_an_example() -> None:
    schemas = json_schemas()
    parts = [part for schema in schemas.values() for part in (schema, *schema.get("$defs", {}).values())]
    keys = [(name, key) for part in parts for name, key in part.get("properties", {}).items()]
    assert len(keys) > 100
    assert [name for name, key in keys if " Example: " not in key.get("description", "")] == []
    tier = schemas["pack.yaml"]["$defs"]["Tier"]["properties"]["label"]
    assert tier["description"] == "Its name. Example: {en: District}"
