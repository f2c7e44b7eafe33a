"""How is a household of the invented country named? By an id of fixed length, so that ids sort as their numbers do."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from tuopin.simulation.state import Ints


def household_ids(numbers: Ints) -> pa.Array:
    """The id of each household by its number."""
    return pc.binary_join_element_wise(
        "H", pc.utf8_lpad(pc.cast(pa.array(numbers), pa.string()), width=11, padding="0"), ""
    )


def household_numbers(ids: pa.ChunkedArray | pa.Array) -> Ints:
    """The number in each household id; -1 for what is none of ours."""
    ours = pc.fill_null(pc.match_substring_regex(ids, r"^H[0-9]{11}$"), False)
    digits = pc.if_else(ours, pc.utf8_slice_codeunits(ids, 1), pa.scalar("-1"))
    result: Ints = np.asarray(pc.cast(digits, pa.int64()).to_numpy(zero_copy_only=False), dtype=np.int64)
    return result
