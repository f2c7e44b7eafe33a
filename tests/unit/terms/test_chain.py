"""Is any change to a chain of blocks found, and named?"""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tuopin.terms import Block, ChainBroken, link, verify

SCALARS = st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.floats(allow_nan=False) | st.text(max_size=8)
VALUES = SCALARS | st.lists(SCALARS, max_size=2) | st.dictionaries(st.text(max_size=3), SCALARS, max_size=2)
CONTENTS = st.dictionaries(st.text(max_size=3), VALUES, max_size=2)
CHAINS = st.lists(CONTENTS, min_size=1, max_size=4)


def chain(contents: list[dict[str, Any]]) -> list[Block]:
    """The blocks of these contents, in order."""
    blocks: list[Block] = []
    for content in contents:
        blocks.append(link(blocks[-1] if blocks else None, content))
    return blocks


def broken_at(blocks: list[Block]) -> int:
    """Which block `verify` names."""
    with pytest.raises(ChainBroken) as caught:
        verify(blocks)
    return caught.value.number


def test_the_first_block_follows_nothing() -> None:
    block = link(None, {"run": "a"})
    assert (block.number, block.previous) == (0, "0" * 64)
    assert verify([block]) == 1


def test_the_hash_is_the_same_for_ever() -> None:
    # sha256sum of [0,"000…0",{"run":"a"}] without spaces.
    assert link(None, {"run": "a"}).hash == "0d9dde13d41fb1d9f58ca9cb1a42410635db96e67068ccc49ca8664eb6270e1f"


def test_no_blocks_are_an_unbroken_chain() -> None:
    assert verify([]) == 0


def test_the_first_block_that_does_not_fit_is_named() -> None:
    blocks = chain([{"n": n} for n in range(4)])
    blocks[2] = replace(blocks[2], content={"n": 7})
    assert broken_at(blocks) == 2
    with pytest.raises(ChainBroken, match="block 2 was changed, moved or is missing"):
        verify(blocks)


def test_a_block_taken_from_the_middle_or_the_front_is_missed() -> None:
    blocks = chain([{"n": n} for n in range(4)])
    assert broken_at(blocks[:1] + blocks[2:]) == 1
    assert broken_at(blocks[1:]) == 0


def test_a_chain_that_lost_its_end_still_holds_so_its_length_is_kept_elsewhere() -> None:
    assert verify(chain([{"n": n} for n in range(4)])[:3]) == 3


@given(CHAINS)
def test_an_untouched_chain_holds_and_survives_its_text(contents: list[dict[str, Any]]) -> None:
    blocks = chain(contents)
    assert verify(blocks) == len(contents)
    assert [Block.from_json(block.to_json()) for block in blocks] == blocks
    assert all("\n" not in block.to_json() for block in blocks)


@given(CHAINS, st.data())
def test_any_change_to_any_block_is_found(contents: list[dict[str, Any]], data: st.DataObject) -> None:
    blocks = chain(contents)
    index = data.draw(st.integers(0, len(blocks) - 1), label="block")
    changes: st.SearchStrategy[dict[str, Any]] = st.one_of(
        st.builds(dict, number=st.integers(0, 9)),
        st.builds(dict, previous=st.text("0123456789abcdef", min_size=64, max_size=64)),
        st.builds(dict, hash=st.text("0123456789abcdef", min_size=64, max_size=64)),
        st.builds(dict, content=CONTENTS),
    )
    changed = replace(blocks[index], **data.draw(changes, label="change"))
    if changed.to_json() == blocks[index].to_json():
        return
    assert broken_at([*blocks[:index], changed, *blocks[index + 1 :]]) == index


@given(CHAINS, CONTENTS, st.data())
def test_a_forged_block_with_a_fitting_hash_breaks_the_next(
    contents: list[dict[str, Any]], forged: dict[str, Any], data: st.DataObject
) -> None:
    blocks = chain([*contents, {"last": True}])
    index = data.draw(st.integers(0, len(contents) - 1), label="block")
    forgery = link(blocks[index - 1] if index else None, forged)
    if forgery.hash != blocks[index].hash:
        assert broken_at([*blocks[:index], forgery, *blocks[index + 1 :]]) == index + 1


@given(st.permutations(range(5)))
def test_any_other_order_is_found(order: list[int]) -> None:
    blocks = chain([{"same": True}] * 5)
    moved = [blocks[number] for number in order]
    if order != sorted(order):
        assert broken_at(moved) == next(place for place, number in enumerate(order) if place != number)


def test_equal_contents_have_different_hashes_at_different_places() -> None:
    blocks = chain([{"same": True}] * 5)
    assert all(one.hash != two.hash for one, two in pairwise(blocks))


@pytest.mark.parametrize("line", ["", "[]", "null", "1", '"x"', "{", '{"number": 0, "previous": "", "content": {}}'])
def test_a_line_that_is_no_block_is_refused(line: str) -> None:
    with pytest.raises(ValueError, match="not a block"):
        Block.from_json(line)
