"""What can a test say of a household? Met, not met, or cannot tell."""

from __future__ import annotations

from enum import Enum


class Answer(Enum):
    """The three answers of a test. "Cannot tell" becomes a visit, never a silent yes or no."""

    MET = "met"
    NOT_MET = "not_met"
    CANNOT_TELL = "cannot_tell"

    @classmethod
    def of(cls, value: bool | None) -> Answer:
        """Read a nullable boolean column's value: None is "cannot tell"."""
        if value is None:
            return cls.CANNOT_TELL
        return cls.MET if value else cls.NOT_MET
