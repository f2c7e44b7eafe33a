"""Which rows can hardly be true? The same person in two households, and answers that somebody should look at again.

These are proposals like any other: nobody is merged or taken out by them. They look at core facts alone, so they mean
the same in every country; what is implausible by a country's own rules belongs into its pack.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from tuopin.tables import Snapshot

STAGE = "intake"
OLDEST = 110
"""Older people live, but among those recorded so most are slips of the pen (or dead)."""
LARGEST = 30


@dataclass(frozen=True)
class Look:
    """A reason to look at a household again.

    Attributes:
        kind: duplicate or check.
        needs: columns it reads, by table; without one of them it is not asked.
        query: households as (household_no, rule, seen): the rule that proposes, and the text of what gave rise to it.
    """

    kind: str
    needs: Mapping[str, tuple[str, ...]]
    query: str


LOOKS = (
    Look(
        "duplicate",
        {"members": ("person_key",)},
        # Only the few people who stand twice are looked at closely: a nation's keys are grouped once.
        """
        SELECT household_no,
               CASE WHEN in_two THEN 'same_person_in_two_households' ELSE 'same_person_twice_in_household' END AS rule,
               concat_ws(';', CAST(min(person_key) AS STRING), CAST(count(*) AS STRING)) AS seen
        FROM (
            SELECT m.household_no, m.person_key,
                   min(m.household_no) OVER (PARTITION BY m.person_key)
                   < max(m.household_no) OVER (PARTITION BY m.person_key) AS in_two
            FROM members AS m JOIN (
                SELECT person_key FROM members WHERE person_key IS NOT NULL GROUP BY person_key HAVING count(*) > 1
            ) AS d ON d.person_key = m.person_key
        ) AS t GROUP BY household_no, in_two
        """,
    ),
    Look(
        "check",
        {"households": ("household_size",), "members": ()},
        """
        SELECT h.household_no, 'size_differs_from_members' AS rule,
               concat_ws(';', CAST(h.household_size AS STRING), CAST(m.people AS STRING)) AS seen
        FROM households AS h JOIN (
            SELECT household_no, count(*) AS people FROM members GROUP BY household_no
        ) AS m ON m.household_no = h.household_no
        WHERE h.household_size <> m.people
        """,
    ),
    Look(
        "check",
        {"households": ("household_size",)},
        f"""
        SELECT household_no, 'very_large_household' AS rule, CAST(household_size AS STRING) AS seen
        FROM households WHERE household_size > {LARGEST}
        """,
    ),
    Look(
        "check",
        {"members": ("age",)},
        f"""
        SELECT household_no, 'very_old_member' AS rule, CAST(max(age) AS STRING) AS seen
        FROM members WHERE age > {OLDEST} GROUP BY household_no
        """,
    ),
)
_NO_LOOK = Look("check", {}, "SELECT CAST(0 AS BIGINT) AS household_no, '' AS rule, '' AS seen")


def propose(*, snapshot: Snapshot, columns: Mapping[str, Collection[str]]) -> str:
    """The households to look at again, as a query with the columns of PROPOSALS.

    Args:
        snapshot: the snapshot; a survey gives estimates, never cases, so nothing is proposed on it.
        columns: the columns that the views `households` and `members` have; a table that is absent has no entry.

    Returns:
        SQL over the views `households` and `members`.
    """
    asked = [] if snapshot.manifest.kind == "survey" else [look for look in LOOKS if _can_ask(look, columns)]
    nobody = f"SELECT * FROM ({_proposals(_NO_LOOK)}) AS n WHERE FALSE"
    return " UNION ALL ".join(map(_proposals, asked)) or nobody


def _can_ask(look: Look, columns: Mapping[str, Collection[str]]) -> bool:
    return all(table in columns and set(needed) <= set(columns[table]) for table, needed in look.needs.items())


def _proposals(look: Look) -> str:
    return f"""
    SELECT md5(concat_ws('|', h.household_id, '{STAGE};{look.kind}', f.rule, f.seen)) AS proposal_id,
           h.household_id, h.area_code, '{STAGE}' AS stage, '{look.kind}' AS kind, f.rule AS rule,
           CAST(NULL AS STRING) AS edition, f.rule AS reasons, '' AS unknown,
           CAST(NULL AS BIGINT) AS severity_low, CAST(NULL AS BIGINT) AS severity_high,
           CAST(NULL AS BIGINT) AS reply_days
    FROM ({look.query}) AS f JOIN households AS h ON h.household_no = f.household_no
    """
