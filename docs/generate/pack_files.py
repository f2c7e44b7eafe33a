"""Which keys may stand in a pack's files? `python -m docs.generate.pack_files` renews the tables of the reference.

The models in policy/files.py say which keys there are, of which type, and which must be given; pack_keys.yaml says what
they mean. The page says in prose what no table can, and marks the place of each table.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin, get_type_hints

from tuopin.policy import files
from tuopin.policy.files import PackPart
from tuopin.policy.json_schema import key_meanings

HERE = Path(__file__).parent
PAGE = HERE.parent / "reference" / "pack-files.md"

#: What is shared by several models and never stands in a file by itself.
SHARED = frozenset({"PackPart", "Quantity", "DatedEdition"})

#: Models whose place in the files says more than their name.
_CALLED = {"PackCurrency": "currency", "Labelled": "register"}

_TABLE = re.compile(r"(<!-- keys: (\w+) -->\n).*?(<!-- end -->)", re.DOTALL)

_WORDS: list[tuple[Any, str]] = [
    (files.Id, "id"),
    (files.Language, "language"),
    (files.Share, "share, 0 to 1"),
    (files.Number, "number"),
    (files.Day, "date"),
    (files.Text, "text by language"),
    (files.Condition, "condition"),
    (files.Source, "text"),
    (files.Value, "value"),
    (bool, "true or false"),
    (int, "whole number"),
    (str, "text"),
]


def models() -> dict[str, type[PackPart]]:
    """Every model that stands in a file, by name."""
    found = {
        name: thing for name, thing in vars(files).items() if isinstance(thing, type) and issubclass(thing, PackPart)
    }
    return {name: model for name, model in found.items() if name not in SHARED}


def renewed(page: str) -> str:
    """The page with its tables made anew.

    Raises:
        ValueError: a model has no place on the page, or a key has no meaning in pack_keys.yaml, or the other way round.
    """
    known = models()
    meanings = key_meanings()
    _refuse_difference("the models and pack_keys.yaml", set(known), set(meanings))
    _refuse_difference("the models and the page", set(known), {name for _, name, _ in _TABLE.findall(page)})
    for name, model in known.items():
        _refuse_difference(f"{name} and pack_keys.yaml", {key for key, _ in _keys(model)}, set(meanings[name]))

    def table(marked: re.Match[str]) -> str:
        name = marked[2]
        rows = "\n".join(_table(known[name], meanings[name]))
        return f"{marked[1]}\n{rows}\n\n{marked[3]}"

    return _TABLE.sub(table, page)


def _refuse_difference(what: str, left: set[str], right: set[str]) -> None:
    if left != right:
        raise ValueError(f"{what} differ: {', '.join(sorted(left ^ right))}")


def _table(model: type[PackPart], meanings: Mapping[str, Mapping[str, str]]) -> Iterator[str]:
    yield "| key | type | needed | meaning | example |"
    yield "|---|---|---|---|---|"
    hints = get_type_hints(model, include_extras=True)
    for key, name in _keys(model):
        field, said = model.model_fields[name], meanings[key]
        needed = "yes" if field.is_required() else _default(field.get_default(call_default_factory=True))
        cells = (f"`{key}`", _type(hints[name]), needed, said["means"], f"`{said['example']}`")
        yield "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def _keys(model: type[PackPart]) -> Iterator[tuple[str, str]]:
    """Each key as it is written, with the name of its field."""
    for name, field in model.model_fields.items():
        yield field.alias or name, name


def _default(value: object) -> str:
    if isinstance(value, bool):
        return f"`{str(value).lower()}`"
    return f"`{value}`" if value not in (None, [], {}, "") else ""


def _type(hint: Any) -> str:  # noqa: ANN401 - a type may be anything
    for known, word in _WORDS:
        if hint == known:
            return word
    origin, arguments = get_origin(hint), get_args(hint)
    if origin is Annotated:
        return _type(arguments[0])
    if origin is Literal:
        return " or ".join(f"`{str(option).lower() if isinstance(option, bool) else option}`" for option in arguments)
    if origin in (Union, UnionType):
        return " or ".join(dict.fromkeys(_type(one) for one in arguments if one is not NoneType))
    if origin is list:
        return f"list of {_type(arguments[0])}"
    if origin is dict:
        return f"{_type(arguments[0])}: {_type(arguments[1])}"
    if isinstance(hint, type) and issubclass(hint, PackPart):
        return f"[{_called(hint)}](#{_called(hint).replace(' ', '-')})"
    raise TypeError(f"no words for the type {hint}")


def _called(model: type[PackPart]) -> str:
    """A model's heading on the page."""
    if model.__name__ in _CALLED:
        return _CALLED[model.__name__]
    return re.sub(r"(?<!^)(?=[A-Z])", " ", model.__name__).lower()


def main() -> None:
    """Renew the page."""
    PAGE.write_text(renewed(PAGE.read_text(encoding="utf-8")), encoding="utf-8")


if __name__ == "__main__":
    main()
