"""Rules of reports of many rows: rows of an item are one report; what is recorded already is left out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ckanext.cost_common.values.periods import parse_period
from ckanext.ogp_plan.planning.report_error import reject
from ckanext.ogp_plan.planning.reporting.context import ReportingContext
from ckanext.ogp_plan.planning.reporting.update import ReportedUpdate
from ckanext.ogp_plan.planning.tracking import EvidenceKind, Key, Update

#: Fields of an update, which are given once, or alike, in the rows of one item.
UPDATE_FIELDS = ("state", "progress", "text", "obstacles", "next_step", "reason", "confirms")
_EMPTY = (None, "", False)


def merge_rows(rows: Sequence[Mapping[str, Any]], reported_period: str | None, period: str) -> ReportedUpdate:
    """Return what the rows of one item report together.

    :param rows: fields of each: those of :data:`UPDATE_FIELDS`, ``indicator``, ``value``, ``numerator``,
        ``denominator``, ``comment``, ``evidence_url``, ``evidence_title``.
    :param reported_period: period of the update, when one is named.
    :param period: period of the measurements.
    :raises RejectedReport: rows differ in a field of the update, or measure the same indicator.
    """
    reported = ReportedUpdate(period=reported_period, corrects=True)
    for name in UPDATE_FIELDS:
        values = {row[name] for row in rows if row[name] not in _EMPTY}
        if len(values) > 1:
            reject(name, "rows.differ")
        if values:
            setattr(reported, name, values.pop())
    reported.measurements = _measurements(rows, period)
    reported.evidence = _evidence(rows)
    return reported


def _measurements(rows: Sequence[Mapping[str, Any]], period: str) -> list[dict[str, Any]]:
    measurements: list[dict[str, Any]] = []
    for row in rows:
        values = {name: row[name] for name in ("value", "numerator", "denominator")}
        if any(value is not None for value in values.values()):
            measurements.append(
                {**values, "indicator": row["indicator"], "period": period, "comment": row["comment"]}
            )
    indicators = [measurement["indicator"] for measurement in measurements]
    if len(set(indicators)) < len(indicators):
        reject("indicator", "indicator.repeated")
    return measurements


def _evidence(rows: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Links; of the same link in several rows the last title counts."""
    evidence = {
        row["evidence_url"]: {
            "kind": EvidenceKind.LINK,
            "url": row["evidence_url"],
            "title": row["evidence_title"],
            "public": True,
        }
        for row in rows
        if row["evidence_url"]
    }
    return list(evidence.values())


def remove_recorded(
    context: ReportingContext, key: Key, organization: str | None, reported: ReportedUpdate, period: str
) -> None:
    """Remove from a report what is recorded already, so that the same workbook again changes nothing.

    :param period: period of the measurements.
    """
    own = context.record_of(key)
    links = {evidence.url for evidence in own.current_evidence() if evidence.organization == organization}
    reported.evidence = [fields for fields in reported.evidence if fields["url"] not in links]
    days = parse_period(period)
    wanted: tuple[Any, ...] = (organization, days.start, days.end, {})
    known = {
        (measurement.indicator, measurement.value, measurement.numerator, measurement.denominator)
        for measurement in own.counting_measurements()
        if (measurement.organization, measurement.start, measurement.end, measurement.dimension) == wanted
    }
    codes = [indicator.code for indicator in context.item(key).indicators]
    only = codes[0] if len(codes) == 1 else None
    reported.measurements = [
        fields
        for fields in reported.measurements
        if (fields["indicator"] or only, fields["value"], fields["numerator"], fields["denominator"])
        not in known
    ]
    last = [update for update in own.counting_updates() if update.organization == organization][-1:]
    if last and not reported.measurements and not reported.evidence and _is_same(reported, last[0]):
        empty = ReportedUpdate()
        for name in UPDATE_FIELDS:
            setattr(reported, name, getattr(empty, name))


def _is_same(reported: ReportedUpdate, last: Update) -> bool:
    """Whether an update would report the same as the last one."""
    if (reported.period or last.period) != last.period or reported.confirms != last.confirms:
        return False
    if reported.state is not None and reported.state is not last.state:
        return False
    return all(
        getattr(reported, name) == getattr(last, name)
        for name in ("progress", "text", "obstacles", "next_step", "reason")
    )


def reported_parts(reported: ReportedUpdate) -> list[str]:
    """Return the names of the fields that a report has."""
    names = [name for name in UPDATE_FIELDS if getattr(reported, name) not in _EMPTY]
    return names + ["measurements"] * bool(reported.measurements) + ["evidence"] * bool(reported.evidence)
