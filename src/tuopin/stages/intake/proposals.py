"""Which rows can hardly be true? The same person in two households, and answers that somebody should look at again.

These are proposals like any other: nobody is merged or taken out by them. They look at core facts alone, so they mean
the same in every country; what is implausible by a country's own rules belongs into its pack.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass

from tuopin.tables import Snapshot

STAGE = "intake"
OLDEST = 110
"""Older people live, but among those recorded so most are slips of the pen (or dead)."""
LARGEST = 30
GROWN = 12
"""Households of nobody older than this exist, and need somebody at once; more often a member is missing."""


@dataclass(frozen=True)
class Look:
    """A reason to look at a household again.

    Attributes:
        rule: its name, shown as the proposal's rule and reason.
        kind: duplicate or check.
        needs: columns it reads, by table; without one of them it is not asked.
        query: households as (household_no, seen), `seen` being the text of what gave rise to it.
    """

    rule: str
    kind: str
    needs: Mapping[str, tuple[str, ...]]
    query: str


LOOKS = (
    Look(
        "same_person_in_two_households",
        "duplicate",
        {"members": ("person_key",)},
        """
        SELECT m.household_no, concat_ws(';', CAST(min(m.person_key) AS VARCHAR), CAST(count(*) AS VARCHAR)) AS seen
        FROM members AS m JOIN (
            SELECT person_key FROM members WHERE person_key IS NOT NULL
            GROUP BY person_key HAVING min(household_no) < max(household_no)
        ) AS d ON d.person_key = m.person_key
        GROUP BY m.household_no
        """,
    ),
    Look(
        "same_person_twice_in_household",
        "duplicate",
        {"members": ("person_key",)},
        """
        SELECT household_no, CAST(min(person_key) AS VARCHAR) AS seen
        FROM (
            SELECT household_no, person_key FROM members WHERE person_key IS NOT NULL
            GROUP BY household_no, person_key HAVING count(*) > 1
        ) AS d GROUP BY household_no
        """,
    ),
    Look(
        "size_differs_from_members",
        "check",
        {"households": ("household_size",), "members": ()},
        """
        SELECT h.household_no, concat_ws(';', CAST(h.household_size AS VARCHAR), CAST(m.people AS VARCHAR)) AS seen
        FROM households AS h JOIN (
            SELECT household_no, count(*) AS people FROM members GROUP BY household_no
        ) AS m ON m.household_no = h.household_no
        WHERE h.household_size <> m.people
        """,
    ),
    Look(
        "very_large_household",
        "check",
        {"households": ("household_size",)},
        f"""
        SELECT household_no, CAST(household_size AS VARCHAR) AS seen FROM households WHERE household_size > {LARGEST}
        """,
    ),
    Look(
        "very_old_member",
        "check",
        {"members": ("age",)},
        f"""
        SELECT household_no, CAST(max(age) AS VARCHAR) AS seen FROM members WHERE age > {OLDEST} GROUP BY household_no
        """,
    ),
    Look(
        "children_alone",
        "check",
        {"members": ("age",)},
        f"""
        SELECT household_no, CAST(max(age) AS VARCHAR) AS seen FROM members
        GROUP BY household_no HAVING count(age) = count(*) AND max(age) < {GROWN}
        """,
    ),
)


def propose(*, snapshot: Snapshot, columns: Mapping[str, Collection[str]]) -> str:
    """The households to look at again, as a query with the columns of PROPOSALS.

    Args:
        snapshot: the snapshot; a survey gives estimates, never cases, so nothing is proposed on it.
        columns: the columns that the views `households` and `members` have; a table that is absent has no entry.

    Returns:
        SQL over the views `households` and `members`.
    """
    asked = [] if snapshot.manifest.kind == "survey" else [look for look in LOOKS if _can_ask(look, columns)]
    return " UNION ALL ".join(_queries(asked)) or _NOBODY


def _can_ask(look: Look, columns: Mapping[str, Collection[str]]) -> bool:
    return all(table in columns and set(needed) <= set(columns[table]) for table, needed in look.needs.items())


def _queries(looks: list[Look]) -> Iterator[str]:
    for look in looks:
        yield _PROPOSAL.format(stage=STAGE, kind=look.kind, rule=look.rule, query=look.query)


_PROPOSAL = """
SELECT md5(concat_ws('|', h.household_id, '{stage};{kind};{rule}', f.seen)) AS proposal_id,
       h.household_id, h.area_code, '{stage}' AS stage, '{kind}' AS kind, '{rule}' AS rule,
       CAST(NULL AS VARCHAR) AS edition, '{rule}' AS reasons, '' AS unknown,
       CAST(NULL AS BIGINT) AS severity_low, CAST(NULL AS BIGINT) AS severity_high, CAST(NULL AS BIGINT) AS reply_days
FROM ({query}) AS f JOIN households AS h ON h.household_no = f.household_no
"""
_NO_LOOK = Look("", "check", {}, "SELECT CAST(0 AS BIGINT) AS household_no, '' AS seen")
_NOBODY = f"SELECT * FROM ({next(_queries([_NO_LOOK]))}) AS n WHERE FALSE"
