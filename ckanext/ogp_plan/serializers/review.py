"""Reviews of reports, updates and measurements, and their corrections."""

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
    """Reviews of facts by monitoring, and their corrections; two queries.

    :param plans: ids of the plans that the facts are of.
    :param ids: of the facts.
    :param of_report: id of a fact → of the report that it is part of, which is reviewed whole.
    """

    def __init__(self, plans: Collection[str], ids: Collection[str], of_report: Mapping[str, str]) -> None:
        self._of_report = dict(of_report)
        report = Event.body["report"].astext
        later = sa.select(
            Event.id, Event.plan_id, Event.supersedes, Event.at, report.label("report"), Event.body
        ).where(Event.supersedes.in_(list(ids)))
        self.later = {row.supersedes: row for row in model.Session.execute(later)}
        subjects = {*ids, *self._of_report.values()}
        for row in self.later.values():
            subjects.add(row.id)
            if row.report:
                subjects.add(row.report)
                self._of_report[row.id] = row.report
        self._reviews = _load_reviews(plans, subjects)

    def review(self, id_: str) -> dict[str, Any] | None:
        """Return the last review of a fact itself."""
        return self._reviews.get(id_)

    def words(self, id_: str, update: str | None = None) -> list[dict[str, Any] | None]:
        """Return the last reviews of a fact, of its update, and of the report that they are part of."""
        subjects = [subject for subject in (id_, update, self._of_report.get(id_)) if subject]
        return [self._reviews.get(subject) for subject in subjects]

    def replaced(self, id_: str) -> dict[str, Any] | None:
        """Return what corrected a fact; what was returned itself corrects nothing."""
        later = self.later.get(id_)
        if later is None or combine_reviews(self.words(later.id)) == RETURNED:
            return None
        return {"id": later.id, "at": serialize_moment(later.at)}


def _load_reviews(plans: Collection[str], subjects: Collection[str]) -> dict[str, dict[str, Any]]:
    """The last review of each."""
    query = (
        sa.select(Event.subject, Event.body, Event.at)
        .where(Event.plan_id.in_(list(plans)), Event.kind == "review", Event.subject.in_(sorted(subjects)))
        .order_by(Event.at, Event.id)
    )
    return {
        row.subject: {
            "accepted": row.body.get("accepted", True) is not False,
            "reason": row.body.get("reason") or "",
            "at": serialize_moment(row.at),
        }
        for row in model.Session.execute(query)
    }


def combine_reviews(reviews: Iterable[Mapping[str, Any] | None]) -> str:
    """What becomes of what several reviews are about: returned by one of them, it is returned."""
    accepted = [review["accepted"] for review in reviews if review is not None]
    return WAITING if not accepted else ACCEPTED if all(accepted) else RETURNED
