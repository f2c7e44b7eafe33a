"""What is let into a condition, what is refused and for which reason, and does a condition say what a reader sees?"""

from __future__ import annotations

import re
from collections.abc import Iterator
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tuopin.policy.language import (
    REGISTER_TEST,
    ROLLUPS,
    SCALARS,
    Arithmetic,
    Call,
    Compare,
    IsUnknown,
    Join,
    LanguageError,
    Literal,
    Name,
    Node,
    Not,
    OneOf,
    Quotient,
    names,
    parse,
)  # fmt: skip

A, B, C, D = Name("a"), Name("b"), Name("c"), Name("d")
ONE, TWO = Literal(Decimal(1)), Literal(Decimal(2))


# --- what a condition says -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "node"),
    [
        ("a", A),
        ("a or b and c", Join("or", (A, Join("and", (B, C))))),
        ("(a or b) and c", Join("and", (Join("or", (A, B)), C))),
        ("a and b and c and d", Join("and", (A, B, C, D))),
        ("not a and b", Join("and", (Not(A), B))),
        ("not (a and b)", Not(Join("and", (A, B)))),
        ("not a = b", Not(Compare("=", A, B))),
        ("a - b - c > 1", Compare(">", Arithmetic("-", Arithmetic("-", A, B), C), ONE)),
        ("a - (b - c) > 1", Compare(">", Arithmetic("-", A, Arithmetic("-", B, C)), ONE)),
        ("a + b * c > 1", Compare(">", Arithmetic("+", A, Arithmetic("*", B, C)), ONE)),
        ("(a + b) * c > 1", Compare(">", Arithmetic("*", Arithmetic("+", A, B), C), ONE)),
        ("-a < 1", Compare("<", Arithmetic("-", Literal(Decimal(0)), A), ONE)),
        ("a > -1", Compare(">", A, Literal(Decimal(-1)))),
        ("a between 1 and 2 and b", Join("and", (Join("and", (Compare(">=", A, ONE), Compare("<=", A, TWO))), B))),
        ("a not between 1 and 2", Not(Join("and", (Compare(">=", A, ONE), Compare("<=", A, TWO))))),
        ("a in (1, -2)", OneOf(A, (ONE, Literal(Decimal(-2))))),
        ("a not in ('x', 'y')", Not(OneOf(A, (Literal("x"), Literal("y"))))),
        ("a is null", IsUnknown(A)),
        ("a is not null", Not(IsUnknown(A))),
        ("not a is null", Not(IsUnknown(A))),
        ("a <> 'it''s'", Compare("<>", A, Literal("it's"))),
        ("a != 1", Compare("<>", A, ONE)),
        ("a = true", Compare("=", A, Literal(True))),
        ("A_OF(a)".replace("A_OF", "any_of"), Call("any_of", (A,))),
        ("count_if(a and b) >= 2", Compare(">=", Call("count_if", (Join("and", (A, B)),)), TWO)),
        ("greatest(a, least(b, 1)) > 2", Compare(">", Call("greatest", (A, Call("least", (B, ONE)))), TWO)),
        ("in_register(cars, a)", Call("in_register", (Name("cars"), A))),
        ("a\n  and b", Join("and", (A, B))),
        ("a > 0.000001", Compare(">", A, Literal(Decimal("0.000001")))),
        ("a > 999999999999", Compare(">", A, Literal(Decimal(999999999999)))),
    ],
)  # fmt: skip
def test_a_condition_reads_as_it_is_written(text: str, node: Node) -> None:
    assert parse(text) == node


def test_only_the_value_of_a_figure_may_divide_and_only_once() -> None:
    assert parse("a / b", division=True) == Quotient(A, B)
    assert parse("a", division=True) == A
    for text in ("a / b / c", "a / b + c", "(a / b) * c", "a * (b / c)", "a / (b / c)"):
        with pytest.raises(LanguageError, match="divides"):
            parse(text, division=True)


def test_names_are_all_that_a_condition_looks_up() -> None:
    assert names(parse("a and count_if(b) > greatest(c, 1) and d in ('x')")) == {"a", "b", "c", "d"}


def test_a_long_list_of_conditions_is_not_deep() -> None:
    assert parse(" and ".join(["a"] * 500)) == Join("and", (A,) * 500)


# --- what is refused, and why ----------------------------------------------------------------------------------------

REFUSED = {
    "one line of logic": [
        "a; b", "a; drop table households", "a -- or b", "a /* or b */", "/* */ a", "a --", ";", "a {# or b #} and c",
        "{'a': 1}", "map {'a': 1} = b", "{# #} a", "{{ a }}",
    ],
    "cannot be read": [
        "", "   ", "a and", "and a", "(a", "a)", "a = ", "= a", "a b c", "'a", "a, b", "a = 'x", "a #b", "`a` and b",
        "a not", "a between 1",
        "a in_list or null", "0x1F < a", "))((", "\\", "a and or b",
    ],
    "is not part of the language": [
        # other statements
        "select 1", "(select 1)", "select a from households", "from households", "drop table households", "values (1)",
        "with x as (select 1) select 1",
        "insert into t values (1)", "delete from t", "update t set a = 1", "create table t (a int)", "attach 'x.db'",
        "install httpfs", "pragma threads",
        "set threads = 1", "copy t to 'x'", "describe t", "show tables", "use main", "call x()", "explain select 1",
        # subqueries
        "a in (select b from t)", "exists (select 1)", "a = any (select 1)",
        # casts, case, coalesce and other ways of turning an unknown into something
        "cast(a as integer) = 1", "a::integer = 1", "try_cast(a as integer) = 1", "case when a then b else c end",
        "coalesce(a, b)", "ifnull(a, b)",
        "nullif(a, b) = 1", "if(a, b, c)", "a is distinct from b", "a is not distinct from b",
        # operators on which engines differ
        "a % 2 = 0", "a // 2 = 1", "a ^ 2 = 1", "a ** 2 = 1", "a & 1 = 1", "a | 1 = 1", "a << 1 = 2", "~a = 1",
        "a || b = 'x'", "a like 'x%'",
        "a ilike 'x'", "a similar to 'x'", "a ~ 'x'", "a glob 'x'", "a xor b", "a between symmetric 1 and 2", "@a = 1",
        # other values
        "[a, b]", "(a, b) = (1, 2)", "a[1] = 1", "date '2014-01-01' = a", "interval '1 day' = a",
        "timestamp '2014-01-01' = a", "*",
        "a in ()", "a ? b", "$1 = a", ":x = a", "'a' 'b' = c", "x'41' = a", "row(a, b) = c",
        # windows, lambdas, modifiers
        "sum(a) over () > 1", "count_if(a) over (partition by b) > 1", "any_of(a) filter (where b)",
        "any_of(distinct a)", "any_of(a order by b)",
        "any_of(x -> a)", "any_of(lambda x: a)", "a as b", "a b", "a collate nocase = 'x'", "any_of(*)", "count(*) > 1",
        "max(a) > 1", "min(a) > 1",
        "sum(a) > 1", "avg(a) > 1", "median(a) > 1", "bool_or(a)", "abs(a) > 1", "round(a) > 1", "lower(a) = 'x'",
        "length(a) = 1", "extract(year from a) = 1",
        "date_diff('day', a, b) > 1", "now() = a", "uuid() = a", "any(a)", "unnest(a)", "a at time zone 'utc' = b",
    ],
    "is not a function of this language": [
        "read_csv('/etc/passwd') = a", "read_parquet('x') = a", "read_text('x') = a", "getenv('HOME') = a",
        "query('select 1')", "glob('*')",
        "duckdb_secrets()", "sqlite_scan('a', 'b')", "http_get('x') = 1", "eval('x')", "nosuch(a)",
        "current_setting('x') = a", "pg_sleep(1)", "all(a)",
        "years(a) > 1", "sum_over(a) > 1", "anyof(a)", "rollup_any(a)", "system('ls')",
    ],
    "divides": ["a / b", "1 / a", "a / b > 1", "a / 2 > 1", "a > 1 / b", "any_of(a / b > 1)"],
    "`null` is not a value": ["a = null", "null", "a and null", "greatest(a, null) > 1", "null = null", "not null"],
    "is not a name": [
        "A", "Age > 1", '"a"', '"a" = 1', "households.a", "main.households.a = 1", "_a", "a$b = 1", "años > 1", "ａ",
        "人口 > 1", "__class__",
    ],
    "is not a plain value": ["a in (b)", "a in (1, b)", "a in (1 + 1)", "a in (null)", "a in (any_of(b))",
    "a in ((1, 2))", "a not in (1, (select 1))"],
    "only `null` or `not null`": ["a is true", "a is false", "a is not true", "a is b"],
    "is out of range": ["a > 1000000000001", "a > 1e13", "a > 1e400", "a > 0.0000001", "a > 1e-7",
    "a > 99999999999999999999999999999999999999999"],
    "argument": ["any_of()", "any_of(a, b)", "greatest(a)", "greatest(a, b, c)", "least(a) > 1", "ratio(a) > 1",
    "ratio(a, b, c) > 1", "in_register(a)",
                 "months_since(a, b) > 1", "count_if() > 1", "count_if(a, b) > 1", "share_of(a, b) > 1"],
    "deep": ["(" * 70 + "a" + ")" * 70, "not " * 70 + "a", "greatest(1, " * 70 + "a" + ")" * 70 + " > 1",
    " + ".join(["a"] * 70) + " > 1", "-" + "(-" * 70 + "a" + ")" * 70 + " > 1"],
}  # fmt: skip

#: Where the reading stops is the parser's business; that it stops, and that the reason is of this kind, is ours.
ANY_OF_THESE = {
    "is not part of the language": "is not (part|a function) of th|cannot be read|is not a name",
    "is not a function of this language": "is not a function of this language|is not part of the language",
    "deep": "deep|cannot be read",
    "argument": "argument|is not part of the language",
}


def each_refused() -> Iterator[tuple[str, str]]:
    for reason, texts in REFUSED.items():
        yield from ((reason, text) for text in texts)


@pytest.mark.parametrize(("reason", "text"), list(each_refused()))
def test_what_is_not_of_the_language_is_refused_with_its_reason(reason: str, text: str) -> None:
    with pytest.raises(LanguageError) as caught:
        parse(text)
    expected = ANY_OF_THESE.get(reason, re.escape(reason))
    assert re.search(expected, str(caught.value)), f"{text!r}: {caught.value}"
    assert len(str(caught.value)) < 400


def test_a_refusal_says_what_to_write_instead() -> None:
    for text, advice in (
        ("a / b > 1", "ratio"),
        ("a = null", "is null"),
        ("coalesce(a, b)", "greatest"),
        ("a % 2 = 1", "named functions"),
        ("Age > 1", "snake_case"),
        ("a; b", "YAML comment"),
    ):
        with pytest.raises(LanguageError) as caught:
            parse(text)
        assert advice in caught.value.fix


@pytest.mark.parametrize(
    "text",
    [
        "(" * 20_000 + "a" + ")" * 20_000,
        "not " * 20_000 + "a",
        "a" + "+a" * 20_000 + " > 1",
        "[" * 20_000,
        "-" * 9_000,
        "case " * 9_000,
    ],
)
def test_a_text_that_is_nested_without_end_is_refused_and_breaks_nothing(text: str) -> None:
    with pytest.raises(LanguageError):
        parse(text)


@pytest.mark.parametrize(
    "word", ["current_date", "current_timestamp", "localtime", "current_user", "rowid", "sysdate", "user"]
)
def test_a_word_of_sql_that_looks_like_a_name_is_a_name_and_no_more(word: str) -> None:
    """Then it is looked up in the pack like any other, and is not found there."""
    assert names(parse(f"{word} = a")) == {word, "a"}


def test_a_code_is_text_whatever_stands_in_it() -> None:
    hostile = "x'' or ''1''=''1; drop table h --/*{#"
    node = parse("a = 'x'' or ''1''=''1'")
    assert node == Compare("=", A, Literal("x' or '1'='1"))
    assert names(node) == {"a"}
    with pytest.raises(LanguageError):
        parse(f"a = '{hostile}'")


# --- nothing of a text is lost, and nothing else is raised -----------------------------------------------------------

WORDS = ["a", "b", "sex", "and", "or", "not", "in", "is", "null", "between", "true", "(", ")", ",", "=", "<", ">=",
"<>", "+", "-", "*", "/", "1", "2.5",
         "'x'", "'it''s'", "any_of", "count_if", "sum_of", "greatest", "least", "ratio", "in_register", "months_since",
         "{#", "#}", "distinct", "over",
         "filter", "where", "order", "by", "as", "from", "select", "case", "when", "then", "end", "::", "integer", "[",
         "]", "{", "}", ":", ".", "%", "||",
         "->", "like", "any", "all", "exists", "interval", "date", "limit", "union", "with", "using", "escape",
         "ignore", "nulls", "within", "group"]  # fmt: skip
WORDS_OF_THE_LANGUAGE = {
    "and",
    "or",
    "not",
    "in",
    "is",
    "null",
    "between",
    "true",
    "false",
    REGISTER_TEST,
    *ROLLUPS,
    *SCALARS,
}


SOUND = ["count_if ( a ) > 1", "a and not b", "greatest ( a , 2.5 ) >= 1", "sex in ( 'x' , 'it''s' )",
"a is not null or b", "a between 1 and 2.5",
         "in_register ( a , b = 'x' )", "- a * ( b + 2.5 ) < 1", "sum_of ( a ) <> 1"]  # fmt: skip
CHUNKS = [*WORDS, "{# b #}", "/* b */", ", b", ", b = 'x'", "filter (where b)", "over (order by b)", "as b",
"order by b", "limit 2.5", "collate b", ":: b", ". b",
          "ignore nulls", "is b", "in (b)", "escape 'x'", "within group (order by b)", "at time zone b", "{{ b }}",
          "-> b", "=> b", ":= b", "(b)", "'x'"]  # fmt: skip


@pytest.mark.parametrize("sound", SOUND)
def test_no_word_of_a_condition_is_dropped(sound: str) -> None:
    """Something is put into a sound condition at every place: it is refused, or it is seen."""
    words = sound.split()
    for place in range(len(words) + 1):
        for chunk in dict.fromkeys(CHUNKS):
            everything_is_seen(" ".join([*words[:place], chunk, *words[place:]]))


def everything_is_seen(text: str) -> None:
    try:
        node = parse(text)
    except LanguageError:
        return
    pieces = list(node.walk())
    seen = names(node) | {piece.function for piece in pieces if isinstance(piece, Call)}
    written = set(re.findall(r"[a-z_]+", re.sub(r"'[^']*'", "", text)))
    assert written - WORDS_OF_THE_LANGUAGE <= seen, text
    said = {word: text.split().count(word) for word in ("and", "or", "not", ",", "'x'", "2.5")}
    read = {
        word: sum(len(piece.parts) - 1 for piece in pieces if isinstance(piece, Join) and piece.word == word)
        for word in ("and", "or")
    }
    read["not"] = sum(isinstance(piece, Not) for piece in pieces)
    read[","] = sum(len(piece.arguments) - 1 for piece in pieces if isinstance(piece, Call)) + sum(
        len(piece.values) - 1 for piece in pieces if isinstance(piece, OneOf)
    )
    read["'x'"] = sum(piece == Literal("x") for piece in pieces)
    read["2.5"] = sum(
        isinstance(piece, Literal) and piece.value in (Decimal("2.5"), Decimal("-2.5")) for piece in pieces
    )
    assert read == said, text


@settings(max_examples=400)
@given(
    st.one_of(
        st.text(max_size=60),
        st.lists(
            st.sampled_from([*WORDS, '"', "'", ";", "\\", "\x00", "é", "😀", "$$", "@", "!", "~", "e'", "--", "\n"]),
            max_size=12,
        ).map("".join),
    )
)
def test_any_text_is_read_or_refused_and_nothing_else_happens(text: str) -> None:
    try:
        node: Node | None = parse(text)
    except LanguageError:
        node = None
    assert node is None or isinstance(node, Node)


SIMPLE = st.recursive(
    st.sampled_from([A, B, C]),
    lambda inner: st.one_of(
        st.builds(Not, inner),
        st.builds(lambda word, parts: Join(word, tuple(parts)), st.sampled_from(["and", "or"]),
        st.lists(inner, min_size=2, max_size=3)),
        st.builds(Compare, st.just("="), inner, inner),
    ),
    max_leaves=8,
)  # fmt: skip


@given(SIMPLE, st.tuples(st.booleans(), st.booleans(), st.booleans()))
def test_a_condition_without_brackets_binds_as_in_every_other_language(
    node: Node, values: tuple[bool, bool, bool]
) -> None:
    """Python is the judge: and, or, not and = bind alike in both."""
    text = written(node)
    world = dict(zip("abc", values, strict=True))
    assert evaluated(parse(text), world) == eval(text.replace("=", "=="), {}, world)  # noqa: S307 - our own text


def written(node: Node, *, inside: bool = False) -> str:
    """The text of a condition; brackets only around what stands inside a comparison, and around an or."""
    match node:
        case Name(id):
            return id
        case Not(of):
            return f"(not {written(of, inside=True)})" if inside else f"not {written(of, inside=True)}"
        case Compare(_, left, right):
            said = f"{written(left, inside=True)} = {written(right, inside=True)}"
            return f"({said})" if inside else said
        case Join(word, parts):
            said = f" {word} ".join(
                f"({written(part)})" if isinstance(part, Join) and part.word == "or" != word else written(part)
                for part in parts
            )
            return f"({said})" if inside else said
    raise NotImplementedError(node)


def evaluated(node: Node, world: dict[str, bool]) -> bool:
    match node:
        case Name(id):
            return world[id]
        case Not(of):
            return not evaluated(of, world)
        case Compare("=", left, right):
            return evaluated(left, world) == evaluated(right, world)
        case Join("and", parts):
            return all(evaluated(part, world) for part in parts)
        case Join("or", parts):
            return any(evaluated(part, world) for part in parts)
    raise NotImplementedError(node)
