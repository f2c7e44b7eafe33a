"""What do names mean in a member's row, in a row of a register, and in a household's row?

Each world looks up asked facts in the snapshot's tables and compiles derived facts once, refusing a circle.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date

from tuopin.policy import rollups, sql
from tuopin.policy.columns import checked, fact_meaning
from tuopin.policy.compiler import World, compile_condition, compile_node, compile_number
from tuopin.policy.dated import NothingHolds
from tuopin.policy.files import Assumption, Derived, Fact, Quantity
from tuopin.policy.language import Call, LanguageError, Name, Node, parse
from tuopin.policy.law import known_beforehand, parameter_number
from tuopin.policy.layout import Layout, covers_column, table_of
from tuopin.policy.meaning import Code, Meaning, Moment, Number, Truth, exact, never_asked, nothing_known, unasked
from tuopin.policy.pack import Pack
from tuopin.policy.sql import Sql
from tuopin.policy.units import Unit

STANDINGS = frozenset({"none", "registered", "exited", "returned", "monitored", "cleared"})

_ALIAS = {"household": "h", "dwelling": "d", "area": "a"}


class FactError(LanguageError):
    """A derived fact that does not compile; `fact` is its id."""

    def __init__(self, error: LanguageError, fact: str) -> None:
        """Keep the message and where it belongs."""
        super().__init__(error.what, error.fix)
        self.fact = fact


class FactWithoutValue(FactError):
    """A derived fact that nobody has on the policy's day: a figure in its rule has no value yet, or no more."""


class FactWorld:
    """What all three worlds share: asked facts, and derived facts compiled once."""

    def __init__(self, pack: Pack, layout: Layout, day: date) -> None:
        """Look into a snapshot of that layout; parameters are of the policy's day."""
        self.pack, self.layout, self.day = pack, layout, day
        self._known: dict[str, Meaning] = {}
        self._underway: list[str] = []

    @property
    def as_of(self) -> date:
        """Facts are as at the snapshot's own day."""
        return self.layout.as_of

    def lookup(self, name: str) -> Meaning:
        """The meaning of a name here, compiled once."""
        if name not in self._known:
            with self._no_circle(name):
                self._known[name] = self.find(name)
        return self._known[name]

    def lookup_or_nothing(self, name: str, without_value: dict[str, FactWithoutValue]) -> Meaning:
        """The meaning of a fact; where it has no value on the day nothing is known of it, and it is noted why."""
        try:
            return self.lookup(name)
        except FactWithoutValue as error:
            without_value[name] = error
            return unasked(fact_meaning(self.pack.derived[name], sql.column(name), self.layout.currency, certain=False))

    def find(self, name: str) -> Meaning:
        """Find a name that was not looked up before."""
        raise NotImplementedError

    def roll_up(self, call: Call) -> Meaning:
        """Roll up where no fact says how."""
        raise LanguageError(
            f"`{call.function}` cannot stand here.", "Give it a name under `derived` in facts.yaml and use the name."
        )

    def rolled_up(self, call: Call, spec: Derived) -> Meaning:
        """A roll-up in the rule of a derived fact, where there is something below to roll up."""
        _ = spec
        return self.roll_up(call)

    def asked(self, id: str, spec: Quantity, alias: str) -> Meaning:
        """A fact as the snapshot holds it, or never asked."""
        table = table_of(spec.entity)
        in_every_row = table in ("households", "members") or spec.entity.startswith("register:")
        certain = in_every_row and self.layout.complete(table, id)
        meaning = fact_meaning(spec, sql.column(id, alias), self.layout.currency, certain=certain)
        return meaning if self.layout.has(table, id) else unasked(meaning)

    def derived(self, name: str, spec: Derived) -> Meaning:
        """A fact computed by its rule, held to the type and unit it declares."""
        try:
            return checked(compile_node(parse(spec.rule), _Scope(self, spec)), spec, self.layout.currency)
        except FactError:
            raise
        except NothingHolds as error:
            raise FactWithoutValue(error, name) from None
        except LanguageError as error:
            raise FactError(error, name) from None

    def of_the_law(self, spec: Derived, name: str) -> Meaning | None:
        """A parameter of a derived fact, a shared one or a line, on the policy's day; None if the name is neither."""
        if name in spec.parameters:
            return parameter_number(self.pack, self.layout, name, spec.parameters[name], self.day)
        return known_beforehand(self.pack, self.layout, name, self.day)

    @contextmanager
    def _no_circle(self, name: str) -> Iterator[None]:
        if name in self._underway:
            circle = " → ".join([*self._underway[self._underway.index(name) :], name])
            raise LanguageError(f"The fact is computed from itself: {circle}.", "Break the circle.")
        self._underway.append(name)
        try:
            yield
        finally:
            self._underway.pop()


class _Scope:
    """A world with the figures of the law in front: the parameters of one derived fact, shared ones, lines."""

    def __init__(self, world: FactWorld, spec: Derived) -> None:
        self.world, self.spec = world, spec
        self.as_of = world.as_of

    def lookup(self, name: str) -> Meaning:
        figure = self.world.of_the_law(self.spec, name)
        return self.world.lookup(name) if figure is None else figure

    def roll_up(self, call: Call) -> Meaning:
        return self.world.rolled_up(call, self.spec)


class MemberWorld(FactWorld):
    """One member's row."""

    def find(self, name: str) -> Meaning:
        """A fact of a member, asked or derived."""
        spec: Fact | Derived | None = self.pack.derived.get(name) or self.pack.facts.get(name)
        if spec is None or spec.entity != "member":
            raise LanguageError(
                f"`{name}` is not a fact of a member.", "Inside a roll-up, name member facts of facts.yaml."
            )
        if isinstance(spec, Fact) or (spec.given and self.layout.has("members", name)):
            return self.asked(name, spec, "members")
        return self.derived(name, spec)


class RegisterWorld(FactWorld):
    """One row of a register that another office keeps."""

    def __init__(self, pack: Pack, layout: Layout, day: date, register: str) -> None:
        """Look into that register."""
        super().__init__(pack, layout, day)
        self.register = register

    def find(self, name: str) -> Meaning:
        """A column of the register."""
        spec = self.pack.facts.get(name)
        if spec is None or spec.entity != f"register:{self.register}":
            raise LanguageError(
                f"`{name}` is not a column of the register `{self.register}`.", "Name one of facts.yaml."
            )
        return self.asked(name, spec, "r")


class HouseholdWorld(FactWorld):
    """One household's row, with its members, dwelling, area and the registers at hand.

    Attributes:
        rollups: the aggregates over members that were asked for.
        matches: for each register, the aggregates over its matched rows.
    """

    def __init__(self, pack: Pack, layout: Layout, day: date) -> None:
        """Begin with nothing rolled up."""
        super().__init__(pack, layout, day)
        self.members = MemberWorld(pack, layout, day)
        self.rollups = rollups.Aggregation("m")
        self.matches: dict[str, rollups.Aggregation] = {}
        self._built_in: dict[str, Callable[[], Meaning]] = {
            "household_size": self._household_size,
            "standing": self._standing,
            "standing_since": self._standing_since,
            "ever_registered": self._ever_registered,
            "applied": lambda: self._lead("applied"),
            "reported": lambda: self._lead("reported"),
        }

    def find(self, name: str) -> Meaning:
        """A fact of the household, its dwelling or its area, asked, derived or built in."""
        if name in self._built_in:
            return self._built_in[name]()
        spec: Fact | Derived | None = self.pack.derived.get(name) or self.pack.facts.get(name)
        if spec is None:
            raise LanguageError(f"There is no fact `{name}`.", "Check the spelling, or add it to facts.yaml.")
        if spec.entity == "area" and isinstance(spec, Derived):
            fix = "A rule of a household reads what was asked of its area, and no sum over its neighbours."
            raise LanguageError(f"`{name}` is computed of a whole area.", fix)
        if spec.entity not in _ALIAS:
            fix = "Roll it up in a derived fact: any_of(…), count_if(…), sum_of(…), in_register(…)."
            raise LanguageError(f"`{name}` is a fact of a {spec.entity}, not of the household.", fix)
        if isinstance(spec, Fact) or (spec.given and self.layout.has(table_of(spec.entity), name)):
            return self.asked(name, spec, _ALIAS[spec.entity])
        return self.derived(name, spec)

    def rolled_up(self, call: Call, spec: Derived) -> Meaning:
        """A roll-up in the rule of a derived fact."""
        if call.function == "in_register":
            return self._in_register(call, spec)
        members: World = _Scope(self.members, spec)
        if not self.layout.has("members"):
            return rollups.without_members(call.function, compile_node(call.arguments[0], members))
        if call.function == "persons_if":
            fix = "Of members write count_if(…): each of them is one person."
            raise LanguageError("`persons_if` counts persons by their household.", fix)
        size = self.lookup("household_size") if call.function == "share_of" else None
        return rolled_up(call, spec, members, self.rollups, size, self._assumption(spec))

    def _assumption(self, spec: Derived) -> Assumption | None:
        """What the fact assumes of unknown items; a sum in another currency than the snapshot's says nothing."""
        foreign = self.layout.currency.code != self.pack.currency.code and Unit.parse(spec.unit).currency
        return None if foreign and spec.assume is not None and spec.assume.value else spec.assume

    def _household_size(self) -> Meaning:
        if self.layout.has("members"):
            counted = sql.coalesce(self.rollups.of(sql.count()), sql.integer(0))
            return exact(counted, unit=rollups.PERSON, least=0, most=rollups.MOST_MEMBERS, certain=True)
        if not self.layout.has("households", "household_size"):
            return nothing_known(rollups.PERSON)
        certain = self.layout.complete("households", "household_size")
        spec = self.pack.facts.get("household_size")
        least = max(0, int(spec.min)) if spec and spec.min is not None else 0
        most = min(rollups.MOST_MEMBERS, int(spec.max)) if spec and spec.max is not None else rollups.MOST_MEMBERS
        return exact(sql.column("household_size", "h"), unit=rollups.PERSON, least=least, most=most, certain=certain)

    def _standing(self) -> Meaning:
        if not self.layout.has("decisions"):
            return Code(sql.text("none"), STANDINGS, certain=True)
        return Code(sql.coalesce(sql.column("standing", "s"), sql.text("none")), STANDINGS, certain=True)

    def _standing_since(self) -> Meaning:
        """The day of the decision that gave the household its standing; without one, unknown."""
        if not self.layout.has("decisions"):
            return Moment(sql.unknown("date"), grounded=False)
        return Moment(sql.column("standing_since", "s"))

    def _ever_registered(self) -> Meaning:
        if not self.layout.has("decisions"):
            return Truth(sql.truth(False), certain=True)
        return Truth(sql.coalesce(sql.column("ever_registered", "s"), sql.truth(False)), certain=True)

    def _lead(self, kind: str) -> Meaning:
        """Whether there is an open lead of a kind: an application, or a sign from somebody else."""
        if not self.layout.has("leads"):
            return Truth(sql.truth(False), certain=True)
        return Truth(sql.coalesce(sql.column(kind, "l"), sql.truth(False)), certain=True)

    def _in_register(self, call: Call, spec: Derived) -> Meaning:
        """Yes on a match; no only where the register covers the area and every member has a key; else cannot tell."""
        register = self._register_named(call.arguments[0])
        condition = compile_condition(
            call.arguments[1], _Scope(RegisterWorld(self.pack, self.layout, self.day, register), spec)
        )
        if self.layout.territory.is_asked_in(condition.sql):
            fix = "Name a figure that is the same everywhere."
            raise LanguageError("A figure that differs by area stands inside `in_register`.", fix)
        if not self.layout.has(register) or not self.layout.has("members", "person_key") or never_asked(condition):
            return Truth(sql.unknown("boolean"), asked=False, grounded=False)
        matches = self.matches.setdefault(register, rollups.Aggregation("r", f"{register}_"))
        grade = matches.of(sql.largest(matches.item(rollups.grade(condition))))
        cases = [
            (sql.compare("=", grade, sql.integer(rollups.YES)), sql.truth(True)),
            (sql.compare("=", grade, sql.integer(rollups.PERHAPS)), sql.unknown("boolean")),
            (self._looked_up_whole(register), sql.truth(False)),
        ]
        return Truth(sql.choose(cases), asked=condition.asked)

    def _register_named(self, node: Node) -> str:
        if not isinstance(node, Name) or node.id not in self.pack.about.registers:
            known = ", ".join(sorted(self.pack.about.registers)) or "none"
            raise LanguageError("`in_register` first names a register of pack.yaml.", f"Known: {known}.")
        return node.id

    def _looked_up_whole(self, register: str) -> Sql:
        """Whether the register covers the household's area and every member could be looked up in it."""
        covers = sql.column(covers_column(register), "a")
        if self.layout.complete("members", "person_key"):
            return covers
        keys = self.rollups.of(sql.count(self.rollups.item(sql.column("person_key", "members"))))
        keyless = sql.coalesce(sql.compute("-", self.rollups.of(sql.count()), keys), sql.integer(0))
        return sql.both([covers, sql.compare("=", keyless, sql.integer(0))])


def rolled_up(
    call: Call,
    spec: Derived,
    rows: World,
    over: rollups.Aggregation,
    size: Meaning | None,
    assume: Assumption | None,
) -> Meaning:
    """A roll-up over the rows below: the members of a household, or the households of an area.

    Args:
        call: the roll-up.
        spec: the derived fact in whose rule it stands.
        rows: what names mean in a row below.
        over: where aggregates are gathered.
        size: how many rows there are; needed for a share.
        assume: what an unknown sum counts as.
    """
    if call.function in ("sum_of", "min_of", "max_of"):
        number = rollups.assuming(compile_number(call.arguments[0], rows), assume)
        assert isinstance(number, Number)
        if call.function == "sum_of":
            chosen = [compile_condition(condition, rows) for condition in call.arguments[1:]]
            return rollups.summed(rollups.where(number, chosen[0]) if chosen else number, over)
        return rollups.largest_or_smallest(call.function, number, over)
    condition = rollups.assuming(compile_condition(call.arguments[0], rows), spec.assume)
    assert isinstance(condition, Truth)
    if call.function == "count_if":
        return rollups.counted(condition, over)
    if call.function == "share_of":
        assert isinstance(size, Number)
        return rollups.share(condition, size, over)
    return rollups.any_or_all(call.function, condition, over)
