"""Does a nullable boolean read as one of the three answers?"""

import pytest

from tuopin.terms import Answer


@pytest.mark.parametrize(("value", "answer"), [(True, Answer.MET), (False, Answer.NOT_MET), (None, Answer.CANNOT_TELL)])
def test_each_value_of_a_nullable_boolean_is_an_answer(value: bool | None, answer: Answer) -> None:
    assert Answer.of(value) is answer


def test_answers_are_stored_under_permanent_names() -> None:
    assert [answer.value for answer in Answer] == ["met", "not_met", "cannot_tell"]
