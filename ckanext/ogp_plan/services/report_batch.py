"""Many duties reported at once, from the workbook that the portal gives or from a list.

Read (:func:`read`) into duties, each with all its rows; judged one by one against the facts as they stand,
every row with its fate; written only when none is refused, all or nothing (:func:`run`). What says the
same as the last report writes nothing, so that the same file again changes nothing.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import ckan.plugins.toolkit as tk
import sqlalchemy as sa
from ckan import model
from sqlalchemy.exc import IntegrityError

from ckanext.cost_common import language
from ckanext.cost_common.values.periods import parse_period, period_of
from ckanext.ogp_plan import config
from ckanext.ogp_plan.model import Event, PlanItem, PlanRow
from ckanext.ogp_plan.planning import tracking
from ckanext.ogp_plan.planning.exporters import report_template
from ckanext.ogp_plan.planning.tracking import EvidenceKind, Key
from ckanext.ogp_plan.planning.types import Declared, Place
from ckanext.ogp_plan.planning.words.render import Renderer
from ckanext.ogp_plan.services import evidence as evidence_service
from ckanext.ogp_plan.services import permission, request_fields
from ckanext.ogp_plan.services import report as report_service
from ckanext.ogp_plan.services.permission import Person
from ckanext.ogp_plan.services.report import Said, Work, refused

#: Rows that are taken at once, as many as the workbook's reader takes.
LIMIT = report_template.MOST_ROWS
NEW, UNCHANGED, REFUSED = "new", "unchanged", "refused"
_FIELDS = {
    "plan": request_fields.optional(request_fields.name),
    "item": request_fields.optional(request_fields.name),
    "level": request_fields.optional(request_fields.name),
    "code": request_fields.optional(request_fields.name),
    "state": request_fields.optional(request_fields.member(Declared)),
    "progress": request_fields.optional(request_fields.decimal(0, 100)),
    "text": request_fields.optional(request_fields.text(), ""),
    "obstacles": request_fields.optional(request_fields.text(), ""),
    "next_step": request_fields.optional(request_fields.text(), ""),
    "reason": request_fields.optional(request_fields.text(5_000), ""),
    "confirms": request_fields.optional(request_fields.yes_or_no, False),
    "indicator": request_fields.optional(request_fields.name),
    "value": request_fields.optional(request_fields.decimal()),
    "numerator": request_fields.optional(request_fields.decimal()),
    "denominator": request_fields.optional(request_fields.decimal(0)),
    "comment": request_fields.optional(request_fields.text(5_000), ""),
    "evidence_url": request_fields.optional(request_fields.link),
    "evidence_title": request_fields.optional(request_fields.line(500), ""),
}
#: What an update says, and what must be said once, or alike in every row of a duty.
_UPDATE = ("state", "progress", "text", "obstacles", "next_step", "reason", "confirms")


@dataclass
class Row:
    """One row. ``place``: where it stands in the source; ``errors``: field → sentences."""

    number: int
    place: str
    plan: str
    key: Key
    fields: dict[str, Any]
    errors: dict[str, Any] = field(default_factory=dict)
    #: the plan's row and the item's, when they were found
    found: tuple[PlanRow, PlanItem] | None = None
    fate: str = ""
    says: list[str] = field(default_factory=list)
    id: str | None = None


@dataclass
class Batch:
    """What was read. ``plans``: those that rows name and the person may see, by id."""

    organization: str | None
    period: str | None
    rows: list[Row]
    blank: int = 0
    plans: dict[str, PlanRow] = field(default_factory=dict)


def read_list(value: Any) -> list[Any]:
    """Read ``rows``: a list, or the text of its JSON; each row is judged by itself later."""
    if isinstance(value, str):
        value = request_fields.json_of(value)
    if not isinstance(value, list):
        raise request_fields.InvalidValue(tk._("Send a list."))
    if len(value) > LIMIT:
        raise request_fields.InvalidValue(
            tk._("There are too many: %(count)s; send %(limit)s at most.")
            % {"count": len(value), "limit": LIMIT}
        )
    return value


def read(person: Person, taken: Mapping[str, Any], plan: PlanRow | None) -> Batch:
    """Read the rows of a request and find what they are about.

    :param plan: rows of other plans are refused; None: of any plan.
    :raises tk.ValidationError: the file as a whole cannot be read.
    """
    if (taken["upload"] is None) == (taken["rows"] is None):
        raise refused("upload", tk._("Give the filled workbook, or the rows as a list."))
    batch = _of_list(taken) if taken["upload"] is None else _of_file(taken)
    batch.organization = taken["organization"] or batch.organization or None
    batch.period = taken["period"] or batch.period or None
    if not batch.rows:
        raise refused(
            "rows" if taken["upload"] is None else "upload",
            tk._("No row reports anything. Fill the white columns of what you want to report."),
        )
    _find(person, batch, plan)
    return batch


def _of_list(taken: Mapping[str, Any]) -> Batch:
    made = []
    for number, one in enumerate(taken["rows"], start=1):
        try:
            fields, errors = request_fields.validated(_FIELDS, one), {}
        except tk.ValidationError as error:
            known = one if isinstance(one, Mapping) else {}
            fields, errors = (
                {name: known.get(name) for name in ("plan", "item", "level", "code")},
                dict(error.error_dict),
            )
            fields = {name: value if isinstance(value, str) else None for name, value in fields.items()}
        plan = fields.get("plan") or taken["plan"] or ""
        key = (fields.get("level") or "", fields.get("code") or fields.get("item") or "")
        made.append(Row(number, str(number), plan, key, fields, errors))
    return Batch(None, None, made)


def _of_file(taken: Mapping[str, Any]) -> Batch:
    upload = taken["upload"]
    limit = config.max_import_bytes()
    content = upload.read(limit + 1)
    if len(content) > limit:
        raise refused(
            "upload",
            tk._("The file is larger than %(limit)s bytes. Split the report in several workbooks.")
            % {"limit": limit},
        )
    words = Renderer(language.current())
    try:
        found = report_template.read_report(content, None, str(upload.filename))
    except report_template.UnreadableReport as error:
        raise refused("upload", *report_template.problem_words(error.problem, words)) from error
    except report_template.Unreadable as error:
        raise refused("upload", *_unreadable(error, words)) from error
    made = [_of_template(number, one, words) for number, one in enumerate(found.rows, start=1)]
    for problem in found.problems:
        why, remedy = report_template.problem_words(problem, words)
        made.append(Row(len(made) + 1, _shown(problem.place), "", ("", ""), {}, {"row": [why, remedy]}))
    return Batch(_clean(found.organization), _period(found.period), made, found.blank)


def _unreadable(error: Any, words: Renderer) -> list[str]:
    reason, remedy = words.reason(error)
    place = words.place(error.place)
    return [sentence for sentence in (reason, place, remedy) if sentence]


def _clean(text: str) -> str | None:
    try:
        return str(request_fields.name(text)) or None
    except request_fields.InvalidValue:
        return None


def _period(text: str) -> str | None:
    if not text.strip():
        return None
    try:
        return str(request_fields.period(text))
    except request_fields.InvalidValue as error:
        raise tk.ValidationError({"period": [error.why]}) from error


def _of_template(number: int, one: report_template.ReportRow, words: Renderer) -> Row:
    fields: dict[str, Any] = {
        "state": one.state,
        "progress": one.progress,
        "text": one.text,
        "obstacles": one.obstacles,
        "next_step": one.next_step,
        "reason": "",
        "confirms": one.confirms,
        "indicator": one.indicator or None,
        "value": one.value,
        "numerator": one.numerator,
        "denominator": one.denominator,
        "comment": "",
        "evidence_url": one.evidence_url or None,
        "evidence_title": one.evidence_title,
    }
    errors: dict[str, Any] = {}
    # what a spreadsheet may hold is judged as what a program sends
    given = {name: value.value if isinstance(value, Declared) else value for name, value in fields.items()}
    try:
        fields = request_fields.validated(_FIELDS, given)
    except tk.ValidationError as error:
        errors.update(error.error_dict)
    for problem in one.problems:
        why, remedy = report_template.problem_words(problem, words)
        errors.setdefault(_shown(problem.place), []).extend([why, remedy])
    return Row(number, _shown(one.place), one.plan, one.item, fields, errors)


def _shown(place: Place) -> str:
    if place.sheet and place.cell:
        return f"{place.sheet}!{place.cell}"
    return str(place.cell or place.line or "")


# --- what rows are about


def _find(person: Person, batch: Batch, only: PlanRow | None) -> None:
    """Find plans and items in as many queries as there are plans."""
    plans = _plans(person, {one.plan for one in batch.rows if one.plan})
    wanted: dict[str, set[str]] = {}
    for one in batch.rows:
        plan = plans.get(one.plan)
        if plan is None or (only is not None and plan.id != only.id):
            if not one.errors:
                one.errors["plan"] = [tk._("There is no such plan.")]
            continue
        batch.plans[plan.id] = plan
        wanted.setdefault(plan.id, set()).add(one.key[1])
    items = {plan_id: _items(plan_id, codes) for plan_id, codes in wanted.items()}
    for one in batch.rows:
        plan = plans.get(one.plan)
        if plan is None or plan.id not in items or (only is not None and plan.id != only.id):
            continue
        found = items[plan.id].get(one.key) if one.key[0] else items[plan.id].get(("", one.key[1]))
        if found is None:
            one.errors.setdefault("item", [tk._("The plan has no such item.")])
        else:
            one.found = (plan, found)


def _plans(person: Person, names: Iterable[str]) -> dict[str, PlanRow]:
    names = sorted(name for name in names if _clean(name))
    if not names:
        return {}
    wanted = sa.select(PlanRow).where(
        sa.or_(PlanRow.name.in_(names), PlanRow.id.in_(names)), permission.visible(person)
    )
    found: dict[str, PlanRow] = {}
    for plan in model.Session.scalars(wanted):
        found[plan.id] = found[plan.name] = plan
    return found


def _items(plan_id: str, codes: set[str]) -> dict[Key, PlanItem]:
    """Items by level and code, and by ("", address or id or code) where only one is called so."""
    known = sorted(code for code in codes if _clean(code))
    wanted = sa.select(PlanItem).where(
        PlanItem.plan_id == plan_id,
        sa.or_(PlanItem.code.in_(known), PlanItem.address.in_(known), PlanItem.id.in_(known)),
    )
    found: dict[Key, PlanItem] = {}
    of_code: dict[str, list[PlanItem]] = {}
    for one in model.Session.scalars(wanted):
        found[one.level, one.code] = one
        found["", one.address] = found["", one.id] = one
        of_code.setdefault(one.code, []).append(one)
    for code, several in of_code.items():
        tracked = [one for one in several if one.trackable]
        if len(tracked) == 1:
            found.setdefault(("", code), tracked[0])
    return found


# --- judging and writing


def run(
    context: Mapping[str, Any],
    person: Person,
    batch: Batch,
    *,
    dry_run: bool,
    request_id: str | None,
) -> dict[str, Any]:
    """Judge every row; write all of them when none is refused and it is no dry run."""
    ids = sorted({one.found[1].id for one in batch.rows if one.found is not None})
    waiting: list[str] = []

    def do() -> dict[str, Any]:
        work = Work(person, request_id)
        if request_id and not dry_run and _was_recorded(person, batch, request_id):
            return _told(batch, applied=True)
        _judge(work, person, batch, ids)
        fates = Counter(one.fate for one in batch.rows)
        applied = not dry_run and not fates[REFUSED]
        if applied:
            waiting[:] = evidence_service.pending(work)
            work.write()
        elif not dry_run:
            raise _Refused(_told(batch, applied=False))
        return _told(batch, applied=applied)

    try:
        if dry_run:
            try:
                return do()
            finally:
                model.Session.rollback()
        answer = _once(do, context, person, batch, request_id)
    except _Refused as error:
        raise tk.ValidationError(
            {
                "rows": [
                    tk._("Nothing was written: some rows cannot be taken. Correct them and send it again.")
                ],
                "fates": error.answer["rows"],
            }
        ) from error
    evidence_service.ask_later(waiting)
    return answer


def _once(
    do: Callable[[], dict[str, Any]],
    context: Mapping[str, Any],
    person: Person,
    batch: Batch,
    request_id: str | None,
) -> dict[str, Any]:
    """Write once, also when the same request is sent twice at the same moment."""
    try:
        return report_service.in_one(do, context)
    except IntegrityError:
        if not request_id or not _was_recorded(person, batch, request_id):
            raise
        return _told(batch, applied=True)


def _was_recorded(person: Person, batch: Batch, request_id: str) -> bool:
    """Whether the same request wrote its rows before; then they are what it wrote."""
    ids: dict[str, Row] = {}
    for one in batch.rows:
        if one.found is not None:
            plan, item = one.found
            for part in ("update", "m0measurement", "e0evidence"):
                ids[report_service.id_of(plan.id, person.id, request_id, f"{item.id}.{part}")] = one
    found = list(model.Session.scalars(sa.select(Event.id).where(Event.id.in_(sorted(ids)))))
    if not found:
        return False
    for one in batch.rows:
        one.fate = UNCHANGED
    for fact_id in found:
        ids[fact_id].id = fact_id
    return True


class _Refused(Exception):
    def __init__(self, answer: dict[str, Any]) -> None:
        super().__init__("refused")
        self.answer = answer


def _judge(work: Work, person: Person, batch: Batch, ids: Sequence[str]) -> None:
    # another attempt after a deadlock starts anew
    for one in batch.rows:
        one.fate, one.says, one.id = "", [], None
    items = list(model.Session.scalars(sa.select(PlanItem).where(PlanItem.id.in_(ids)))) if ids else []
    work.open(items)
    duties: dict[str, list[Row]] = {}
    for one in batch.rows:
        if one.found is not None and not one.errors:
            duties.setdefault(one.found[1].id, []).append(one)
        else:
            one.fate = REFUSED
    for rows_of in duties.values():
        _judge_duty(work, person, batch, rows_of)


def _judge_duty(work: Work, person: Person, batch: Batch, rows_of: list[Row]) -> None:
    """Judge the rows of one item together: what its update says, and what each measured."""
    plan, item = rows_of[0].found or (None, None)
    assert plan is not None and item is not None  # noqa: S101 - only rows that were found come here
    desk, key = work.desks[plan.id], (item.level, item.code)
    try:
        organization = _whose(person, desk.plan, desk.rows[key], batch.organization)
        period = batch.period or period_of(work.today, desk.settings.cadence.months).id
        said = _said(rows_of, batch.period)
        said.measurements, said.evidence = _parts(rows_of, period)
        _leave_out_the_same(work, desk, key, organization, said, period)
        if not said.speaks and not said.measurements and not said.evidence:
            for one in rows_of:
                one.fate = UNCHANGED
            return
        made = work.update(plan.id, key, organization, said, f"{item.id}.")
        for one in rows_of:
            one.fate = NEW
            one.says = _says(said)
            one.id = made.id if made is not None else None
    except tk.ValidationError as error:
        for one in rows_of:
            one.fate, one.errors = REFUSED, dict(error.error_dict)
    except tk.NotAuthorized as error:
        for one in rows_of:
            one.fate, one.errors = REFUSED, {"organization": [str(error)]}


def _whose(person: Person, plan: PlanRow, item: PlanItem, wanted: str | None) -> str | None:
    """For which organismo a row is reported, when the person may."""
    if wanted is None and permission.may(person, "report_whole", plan, item):
        return None
    mine = permission.reports_for(person, plan, item)
    if wanted is None and len(mine) == 1:
        return mine[0]
    if wanted is not None and wanted in mine:
        return wanted
    if plan.status not in report_service.TRACKED:
        raise refused("plan", report_service.not_tracked(plan))
    raise tk.NotAuthorized(
        tk._("Only a focal point of an organismo that owes the item may do this, for that organismo.")
    )


def _said(rows_of: Sequence[Row], period: str | None) -> Said:
    said = Said(period=period, corrects=True)
    for name in _UPDATE:
        values = {one.fields[name] for one in rows_of if one.fields[name] not in (None, "", False)}
        if len(values) > 1:
            raise refused(name, tk._("Rows of the same item say different things. Say it once, or alike."))
        if values:
            setattr(said, name, values.pop())
    return said


def _parts(rows_of: Sequence[Row], period: str) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    measurements: list[dict[str, Any]] = []
    evidence: dict[str, dict[str, Any]] = {}
    for one in rows_of:
        given = {name: one.fields[name] for name in ("value", "numerator", "denominator")}
        if any(value is not None for value in given.values()):
            measurements.append(
                {
                    **given,
                    "indicator": one.fields["indicator"],
                    "period": period,
                    "comment": one.fields["comment"],
                }
            )
        if one.fields["evidence_url"]:
            evidence[one.fields["evidence_url"]] = {
                "kind": EvidenceKind.LINK,
                "url": one.fields["evidence_url"],
                "title": one.fields["evidence_title"],
                "public": True,
            }
    seen = [one["indicator"] for one in measurements]
    if len(set(seen)) < len(seen):
        raise refused("indicator", tk._("Two rows measure the same indicator. Leave only one of them."))
    return measurements, list(evidence.values())


def _leave_out_the_same(
    work: Work, desk: report_service.Desk, key: Key, organization: str | None, said: Said, period: str
) -> None:
    """Take out what the facts say already."""
    own = desk.of_item(key)
    there = {one.url for one in own.standing_evidence() if one.organization == organization}
    said.evidence = [one for one in said.evidence if one["url"] not in there]
    span = parse_period(period)
    known = [
        one
        for one in own.counting_measurements()
        if (one.organization, one.start, one.end, one.dimension) == (organization, span.start, span.end, {})
    ]
    codes = [one.code for one in desk.item(key).indicators]

    def same(given: Mapping[str, Any]) -> bool:
        code = given["indicator"] or (codes[0] if len(codes) == 1 else None)
        return any(
            (one.indicator, one.value, one.numerator, one.denominator)
            == (code, given["value"], given["numerator"], given["denominator"])
            for one in known
        )

    said.measurements = [one for one in said.measurements if not same(one)]
    last = [one for one in own.counting_updates() if one.organization == organization][-1:]
    if last and not said.measurements and not said.evidence and _repeats(said, last[0]):
        for name in _UPDATE:
            setattr(said, name, getattr(Said(), name))


def _repeats(said: Said, last: tracking.Update) -> bool:
    """Whether an update would say what the last one said."""
    if (said.period or last.period) != last.period or said.confirms != last.confirms:
        return False
    if said.state is not None and said.state is not last.state:
        return False
    return all(
        getattr(said, name) == getattr(last, name)
        for name in ("progress", "text", "obstacles", "next_step", "reason")
    )


def _says(said: Said) -> list[str]:
    """Names of the fields that a duty's rows bring."""
    names = [name for name in _UPDATE if getattr(said, name) not in (None, "", False)]
    return names + ["measurements"] * bool(said.measurements) + ["evidence"] * bool(said.evidence)


def _told(batch: Batch, *, applied: bool) -> dict[str, Any]:
    return {
        "applied": applied,
        "organization": batch.organization,
        "period": batch.period,
        "counts": {NEW: 0, UNCHANGED: 0, REFUSED: 0} | Counter(one.fate for one in batch.rows),
        "blank": batch.blank,
        "rows": [
            {
                "row": one.number,
                "place": one.place,
                "plan": one.found[0].name if one.found else one.plan,
                "item": one.found[1].address if one.found else None,
                "code": one.key[1],
                "title": one.found[1].title if one.found else "",
                "fate": one.fate,
                "says": one.says,
                "errors": one.errors,
                "id": one.id if applied else None,
            }
            for one in batch.rows
        ],
    }
