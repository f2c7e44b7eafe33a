"""Does the page of the China pack say what the pack says?"""

from __future__ import annotations

import pytest

from docs.generate import china_pack
from tests.pages import read
from tuopin.policy import read_pack

PAGE = "reference/china-pack.md"


def test_every_line_standard_and_figure_is_listed_as_the_pack_has_it() -> None:
    page = read(PAGE)
    assert page == china_pack.renewed(page, read_pack("china")), (
        "run `make docs` and commit docs/reference/china-pack.md"
    )


def test_a_table_without_a_place_on_the_page_would_be_noticed() -> None:
    with pytest.raises(ValueError, match="figures"):
        china_pack.renewed(read(PAGE).replace("<!-- made: figures -->", ""), read_pack("china"))
