"""The *acta de importación*: what was understood of a source, what was not, and what is asked.

An act holds codes and parameters; words come later, in the reader's language
(:mod:`..render`). Whatever a source has and the plan has not is here, with
its place and its text.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from ckanext.ogp_plan.planning.types import Place, Plan


@dataclass(frozen=True, slots=True)
class Finding:
    """One finding at one place of a source. ``kind`` is a code of :mod:`..messages`."""

    kind: str
    place: Place
    text: str = ""
    params: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Option:
    """One possible answer: its ``value``, and the code and parameters of its words."""

    value: str
    label: str
    params: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Question:
    """What a person has to decide. ``id`` is the same each time that the same source is read.

    Until it is answered nothing is applied: ``assumed`` names the option that applies meanwhile.
    """

    id: str
    kind: str
    place: Place
    text: str
    options: tuple[Option, ...]
    assumed: str
    params: dict[str, Any] = field(default_factory=dict)
    places: tuple[Place, ...] = ()


@dataclass(slots=True)
class Act:
    """What happened to each thing of a source.

    ``accepted``: how many tracked items were understood. ``inherited``: cells that took their value
    from above. ``flagged``: taken as it is, to be looked at. ``dropped``: left out (page headers,
    page marks, repeated rows). ``asked``: not applied until answered. ``answered``: questions already
    answered, with the answer.
    """

    accepted: int = 0
    inherited: list[Finding] = field(default_factory=list)
    flagged: list[Finding] = field(default_factory=list)
    dropped: list[Finding] = field(default_factory=list)
    asked: list[Question] = field(default_factory=list)
    answered: list[tuple[Question, str]] = field(default_factory=list)

    def flag(self, kind: str, place: Place, text: str = "", **params: Any) -> None:
        """Say that something was taken as it is and should be looked at."""
        self.flagged.append(Finding(kind, place, text, params))

    def drop(self, kind: str, place: Place, text: str = "", **params: Any) -> None:
        """Say that something of the source was left out, and why."""
        self.dropped.append(Finding(kind, place, text, params))

    def inherit(self, kind: str, place: Place, text: str = "", **params: Any) -> None:
        """Say that a place took its value from another."""
        self.inherited.append(Finding(kind, place, text, params))

    def ask(self, question: Question, answers: dict[str, str]) -> str | None:
        """Ask, unless it was answered.

        :returns: the valid answer given; None when there is none, and then nothing is applied.
        """
        answer = answers.get(question.id)
        if answer is not None and answer in {option.value for option in question.options}:
            self.answered.append((question, answer))
            return answer
        if answer is not None:
            self.flag("answer.unknown", question.place, str(answer), question=question.id)
        self.asked.append(question)
        return None


@dataclass(slots=True)
class Reading:
    """A source as understood: the plan and its act."""

    plan: Plan
    act: Act
    layout: str = ""


class Unreadable(Exception):
    """The source cannot be read as a plan. ``kind`` and ``params`` have words in :mod:`..messages`."""

    def __init__(self, kind: str, place: Place | None = None, **params: Any) -> None:
        super().__init__(kind)
        self.kind = kind
        self.place = place or Place()
        self.params = params
