"""What monitoring decided on reports, updates and measurements, and what corrected them."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any

import sqlalchemy as sa
from ckan import model

from ckanext.ogp_plan.model import Event
from ckanext.ogp_plan.serializers.values import serialize_moment

#: What became of a report or an update in monitoring: nobody looked at it, or the last word on it.
WAITING, ACCEPTED, RETURNED = "pendiente", "aceptado", "devuelto"
STATES = (WAITING, ACCEPTED, RETURNED)


class Reviews:
    """What monitoring said of facts, and what corrected them; two queries.

    :param plans: ids of the plans that the facts are of.
    :param ids: of the facts.
    :param of_report: id of a fact → of the report that carried it, which is judged with all it carries.
    """

    def __init__(self, plans: Collection[str], ids: Collection[str], of_report: Mapping[str, str]) -> None:
        self._of_report = dict(of_report)
        report = Event.body["report"].astext
        later = sa.select(
            Event.id, Event.plan_id, Event.supersedes, Event.at, report.label("report"), Event.body
        ).where(Event.supersedes.in_(list(ids)))
        self.later = {one.supersedes: one for one in model.Session.execute(later)}
        subjects = {*ids, *self._of_report.values()}
        for one in self.later.values():
            subjects.add(one.id)
            if one.report:
                subjects.add(one.report)
                self._of_report[one.id] = one.report
        self._reviews = _load_reviews(plans, subjects)

    def review(self, id_: str) -> dict[str, Any] | None:
        """Return the last word on a fact itself."""
        return self._reviews.get(id_)

    def words(self, id_: str, update: str | None = None) -> list[dict[str, Any] | None]:
        """Return the last words on a fact, on the update it came with, and on the report that carried it."""
        subjects = [one for one in (id_, update, self._of_report.get(id_)) if one]
        return [self._reviews.get(one) for one in subjects]

    def replaced(self, id_: str) -> dict[str, Any] | None:
        """Return what corrected a fact; what was returned itself corrects nothing."""
        later = self.later.get(id_)
        if later is None or combine_reviews(self.words(later.id)) == RETURNED:
            return None
        return {"id": later.id, "at": serialize_moment(later.at)}


def _load_reviews(plans: Collection[str], subjects: Collection[str]) -> dict[str, dict[str, Any]]:
    """The last review of each."""
    wanted = (
        sa.select(Event.subject, Event.body, Event.at)
        .where(Event.plan_id.in_(list(plans)), Event.kind == "review", Event.subject.in_(sorted(subjects)))
        .order_by(Event.at, Event.id)
    )
    return {
        one.subject: {
            "accepted": one.body.get("accepted", True) is not False,
            "reason": one.body.get("reason") or "",
            "at": serialize_moment(one.at),
        }
        for one in model.Session.execute(wanted)
    }


def combine_reviews(reviews: Iterable[Mapping[str, Any] | None]) -> str:
    """What becomes of what several reviews are about: returned by one of them, it is returned."""
    said = [one["accepted"] for one in reviews if one is not None]
    return WAITING if not said else ACCEPTED if all(said) else RETURNED
