"""Which codes does the invented country write? In the order of the numbers in its state, in the words of the pack."""

from __future__ import annotations

from typing import Literal, get_args

Region = Literal["east", "central", "west"]
Remoteness = Literal["near", "middling", "remote"]
Measure = Literal[
    "industry", "job", "training", "micro_loan", "relocation", "education_aid", "medical_aid", "dibao", "public_post",
    "housing_works", "water_works", "insurance_subsidy",
]  # fmt: skip
"""Kinds of help that a household can receive."""

REGIONS: tuple[Region, ...] = get_args(Region)
REMOTENESS: tuple[Remoteness, ...] = get_args(Remoteness)
MEASURES: tuple[Measure, ...] = get_args(Measure)
TIERS = ("province", "prefecture", "county", "township", "village")

SEX = ("female", "male")
FEMALE, MALE = range(2)
RELATION = ("head", "spouse", "child", "parent", "grandchild", "sibling", "other")
HEAD, SPOUSE, CHILD, PARENT, GRANDCHILD, SIBLING, OTHER = range(7)
EDUCATION = ("illiterate", "primary", "junior", "senior", "college")
ILLITERATE, PRIMARY, JUNIOR, SENIOR, COLLEGE = range(5)
STAGE = ("none", "primary", "junior", "senior", "vocational", "college")
NO_SCHOOL, IN_PRIMARY, IN_JUNIOR, IN_SENIOR, IN_VOCATIONAL, IN_COLLEGE = range(6)
HEALTH = ("healthy", "chronic", "serious", "disabled")
HEALTHY, CHRONIC, SERIOUS, DISABLED = range(4)
LABOUR = ("skilled", "ordinary", "weak", "lost", "none")
SKILLED, ORDINARY, WEAK, LOST, NO_LABOUR = range(5)
PLACE = ("none", "township", "county", "province", "elsewhere", "abroad")
DIFFICULTY = ("none", "some", "a_lot", "cannot_do")
GRADE = ("a", "b", "c", "d")
RELOCATION = ("none", "planned", "moved_concentrated", "moved_scattered")
NOT_RELOCATED, PLANNED, MOVED_CONCENTRATED, MOVED_SCATTERED = range(4)
HOUSEHOLD_TYPES = (
    "old_alone", "old_couple", "adult_alone", "couple", "parents_and_children", "three_generations", "lone_parent",
    "grandparents_and_grandchildren",
)  # fmt: skip
REGISTERS = ("vehicles", "companies", "payroll", "property")
"""Of other offices, as far as the country keeps them."""
SETTLEMENT = ("urban", "rural")
RESIDENCE = ("usual", "registered")
MOBILITY = ("settled", "mobile", "displaced", "institutional", "no_address")
SETTLED, MOBILE, DISPLACED, INSTITUTIONAL, NO_ADDRESS = range(5)
SUPPLY = ("central", "scattered")
QUALITY = ("pass", "fail", "untested")

CAUSES = (
    "illness", "disability", "schooling", "disaster", "land", "water", "skills", "labour", "funds", "transport",
    "industry_failure", "unstable_job", "accident", "housing", "other",
)  # fmt: skip
CAUSES_ASKED = ("main_cause", "second_cause", "third_cause")
"""The questions that a household's causes are written down under, the most important first."""
FORM_OF_2013 = (
    "illness", "disability", "schooling", "disaster", "land", "water", "skills", "labour", "funds", "transport",
    "own_drive", "other",
)  # fmt: skip
"""The codes of the old form. `own_drive` judged people; it is written as history and read by nobody."""

VEHICLES = ("car", "van", "tractor", "lorry")
ROLES = ("owner", "director", "staff")
POSTS = ("permanent", "contract")
PREMISES = ("town_home", "business_premises")
LEADS = ("application", "visit", "department", "hotline")
