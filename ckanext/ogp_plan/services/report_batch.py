"""Many items reported at once, from the workbook that the portal gives or from a list.

Rows are read (:func:`read`), checked by item against the facts as they are now, and written only when none
is refused, all or nothing (:func:`run`). What reports the same as the last report is not written, so that the
same file again changes nothing.
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
from ckanext.cost_common.values.periods import period_of
from ckanext.ogp_plan import config
from ckanext.ogp_plan.model import Event, PlanItem, PlanRow
from ckanext.ogp_plan.planning import report_batch as batch_rules
from ckanext.ogp_plan.planning.exporters import report_template
from ckanext.ogp_plan.planning.tracking import Key
from ckanext.ogp_plan.planning.types import Declared, Place
from ckanext.ogp_plan.planning.words.render import Renderer
from ckanext.ogp_plan.services import document, permission, request_fields
from ckanext.ogp_plan.services import evidence as evidence_service
from ckanext.ogp_plan.services import report as report_service
from ckanext.ogp_plan.services.permission import Person
from ckanext.ogp_plan.services.report import ReportTransaction
from ckanext.ogp_plan.services.report_error import field_error, validation_errors

#: Rows that are accepted at once, as many as the workbook's reader takes.
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


@dataclass
class BatchRow:
    """One row. ``place``: where it is in the source; ``errors``: field → sentences."""

    number: int
    place: str
    plan: str
    key: Key
    fields: dict[str, Any]
    errors: dict[str, Any] = field(default_factory=dict)
    #: the plan's row and the item's, when they were found
    found: tuple[PlanRow, PlanItem] | None = None
    outcome: str = ""
    parts: list[str] = field(default_factory=list)
    id: str | None = None


@dataclass
class Batch:
    """What was read. ``plans``: those that rows name and the person may see, by id."""

    organization: str | None
    period: str | None
    rows: list[BatchRow]
    blank: int = 0
    plans: dict[str, PlanRow] = field(default_factory=dict)


def read_list(value: Any) -> list[Any]:
    """Read ``rows``: a list, or the text of its JSON; each row is checked by itself later."""
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


def read(person: Person, data: Mapping[str, Any], plan: PlanRow | None) -> Batch:
    """Read the rows of a request and find what they are about.

    :param plan: rows of other plans are refused; None: of any plan.
    :raises tk.ValidationError: the file as a whole cannot be read.
    """
    if (data["upload"] is None) == (data["rows"] is None):
        raise field_error("upload", tk._("Give the filled workbook, or the rows as a list."))
    batch = _of_list(data) if data["upload"] is None else _of_file(data)
    batch.organization = data["organization"] or batch.organization or None
    batch.period = data["period"] or batch.period or None
    if not batch.rows:
        raise field_error(
            "rows" if data["upload"] is None else "upload",
            tk._("No row reports anything. Fill the white columns of what you want to report."),
        )
    _find(person, batch, plan)
    return batch


def _of_list(data: Mapping[str, Any]) -> Batch:
    rows = []
    for number, row in enumerate(data["rows"], start=1):
        try:
            fields, errors = request_fields.validated(_FIELDS, row), {}
        except tk.ValidationError as error:
            known = row if isinstance(row, Mapping) else {}
            fields, errors = (
                {name: known.get(name) for name in ("plan", "item", "level", "code")},
                dict(error.error_dict),
            )
            fields = {name: value if isinstance(value, str) else None for name, value in fields.items()}
        plan = fields.get("plan") or data["plan"] or ""
        key = (fields.get("level") or "", fields.get("code") or fields.get("item") or "")
        rows.append(BatchRow(number, str(number), plan, key, fields, errors))
    return Batch(None, None, rows)


def _of_file(data: Mapping[str, Any]) -> Batch:
    upload = data["upload"]
    limit = config.max_import_bytes()
    content = upload.read(limit + 1)
    if len(content) > limit:
        raise field_error(
            "upload",
            tk._("The file is larger than %(limit)s bytes. Split the report in several workbooks.")
            % {"limit": limit},
        )
    words = Renderer(language.current())
    try:
        found = document.read_report(content, str(upload.filename))
    except report_template.UnreadableReport as error:
        raise field_error("upload", *report_template.problem_words(error.problem, words)) from error
    except report_template.Unreadable as error:
        raise field_error("upload", *_unreadable(error, words)) from error
    rows = [_of_template(number, row, words) for number, row in enumerate(found.rows, start=1)]
    for problem in found.problems:
        why, remedy = report_template.problem_words(problem, words)
        rows.append(
            BatchRow(len(rows) + 1, _place_text(problem.place), "", ("", ""), {}, {"row": [why, remedy]})
        )
    return Batch(_clean(found.organization), _period(found.period), rows, found.blank)


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


def _of_template(number: int, row: report_template.ReportRow, words: Renderer) -> BatchRow:
    fields: dict[str, Any] = {
        "state": row.state,
        "progress": row.progress,
        "text": row.text,
        "obstacles": row.obstacles,
        "next_step": row.next_step,
        "reason": "",
        "confirms": row.confirms,
        "indicator": row.indicator or None,
        "value": row.value,
        "numerator": row.numerator,
        "denominator": row.denominator,
        "comment": "",
        "evidence_url": row.evidence_url or None,
        "evidence_title": row.evidence_title,
    }
    errors: dict[str, Any] = {}
    # what a spreadsheet may hold is checked as what a program sends
    given = {name: value.value if isinstance(value, Declared) else value for name, value in fields.items()}
    try:
        fields = request_fields.validated(_FIELDS, given)
    except tk.ValidationError as error:
        errors.update(error.error_dict)
    for problem in row.problems:
        why, remedy = report_template.problem_words(problem, words)
        errors.setdefault(_place_text(problem.place), []).extend([why, remedy])
    return BatchRow(number, _place_text(row.place), row.plan, row.item, fields, errors)


def _place_text(place: Place) -> str:
    if place.sheet and place.cell:
        return f"{place.sheet}!{place.cell}"
    return str(place.cell or place.line or "")


# --- plans and items of rows


def _find(person: Person, batch: Batch, only: PlanRow | None) -> None:
    """Find plans and items in as many queries as there are plans."""
    plans = _plans(person, {row.plan for row in batch.rows if row.plan})
    wanted: dict[str, set[str]] = {}
    for row in batch.rows:
        plan = plans.get(row.plan)
        if plan is None or (only is not None and plan.id != only.id):
            if not row.errors:
                row.errors["plan"] = [tk._("There is no such plan.")]
            continue
        batch.plans[plan.id] = plan
        wanted.setdefault(plan.id, set()).add(row.key[1])
    items = {plan_id: _items(plan_id, codes) for plan_id, codes in wanted.items()}
    for row in batch.rows:
        plan = plans.get(row.plan)
        if plan is None or plan.id not in items or (only is not None and plan.id != only.id):
            continue
        found = items[plan.id].get(row.key) if row.key[0] else items[plan.id].get(("", row.key[1]))
        if found is None:
            row.errors.setdefault("item", [tk._("The plan has no such item.")])
        else:
            row.found = (plan, found)


def _plans(person: Person, names: Iterable[str]) -> dict[str, PlanRow]:
    names = sorted(name for name in names if _clean(name))
    if not names:
        return {}
    wanted = sa.select(PlanRow).where(
        sa.or_(PlanRow.name.in_(names), PlanRow.id.in_(names)), permission.visible_plans(person)
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
    for item in model.Session.scalars(wanted):
        found[item.level, item.code] = item
        found["", item.address] = found["", item.id] = item
        of_code.setdefault(item.code, []).append(item)
    for code, several in of_code.items():
        tracked = [item for item in several if item.trackable]
        if len(tracked) == 1:
            found.setdefault(("", code), tracked[0])
    return found


# --- checking and writing


def run(
    context: Mapping[str, Any],
    person: Person,
    batch: Batch,
    *,
    dry_run: bool,
    request_id: str | None,
) -> dict[str, Any]:
    """Check every row; write all of them when none is refused and it is no dry run.

    :raises tk.ValidationError: a row is refused, and it is no dry run; ``outcomes`` has the rows.
    """
    ids = sorted({row.found[1].id for row in batch.rows if row.found is not None})
    unchecked: list[str] = []

    def write() -> dict[str, Any]:
        report = ReportTransaction(person, request_id)
        if request_id and not dry_run and _was_recorded(person, batch, request_id):
            return _result(batch, applied=True)
        _check_rows(report, person, batch, ids)
        refused_rows = any(row.outcome == REFUSED for row in batch.rows)
        applied = not dry_run and not refused_rows
        if applied:
            unchecked[:] = evidence_service.unchecked_evidence(report)
            report.write()
        elif not dry_run:
            raise _RowsRefused(_result(batch, applied=False))
        return _result(batch, applied=applied)

    try:
        if dry_run:
            try:
                return write()
            finally:
                model.Session.rollback()
        result = _write_once(write, context, person, batch, request_id)
    except _RowsRefused as error:
        raise tk.ValidationError(
            {
                "rows": [
                    tk._("Nothing was written: some rows cannot be taken. Correct them and send it again.")
                ],
                "outcomes": error.result["rows"],
            }
        ) from error
    evidence_service.queue_checks(unchecked)
    return result


def _write_once(
    write: Callable[[], dict[str, Any]],
    context: Mapping[str, Any],
    person: Person,
    batch: Batch,
    request_id: str | None,
) -> dict[str, Any]:
    """Write once, also when the same request is sent twice at the same moment."""
    try:
        return report_service.run_transaction(write, context)
    except IntegrityError:
        if not request_id or not _was_recorded(person, batch, request_id):
            raise
        return _result(batch, applied=True)


def _was_recorded(person: Person, batch: Batch, request_id: str) -> bool:
    """Whether the same request wrote its rows before; then they are what it wrote."""
    ids: dict[str, BatchRow] = {}
    for row in batch.rows:
        if row.found is not None:
            plan, item = row.found
            for part in ("update", "m0measurement", "e0evidence"):
                ids[report_service.id_of(plan.id, person.id, request_id, f"{item.id}.{part}")] = row
    found = list(model.Session.scalars(sa.select(Event.id).where(Event.id.in_(sorted(ids)))))
    if not found:
        return False
    for row in batch.rows:
        row.outcome = UNCHANGED
    for fact_id in found:
        ids[fact_id].id = fact_id
    return True


class _RowsRefused(Exception):
    def __init__(self, result: dict[str, Any]) -> None:
        super().__init__("refused")
        self.result = result


def _check_rows(report: ReportTransaction, person: Person, batch: Batch, ids: Sequence[str]) -> None:
    """Check the rows of each item together and set the outcome of each row."""
    # another attempt after a deadlock starts anew
    for row in batch.rows:
        row.outcome, row.parts, row.id = "", [], None
    items = list(model.Session.scalars(sa.select(PlanItem).where(PlanItem.id.in_(ids)))) if ids else []
    report.open(items)
    rows_by_item: dict[str, list[BatchRow]] = {}
    for row in batch.rows:
        if row.found is not None and not row.errors:
            rows_by_item.setdefault(row.found[1].id, []).append(row)
        else:
            row.outcome = REFUSED
    for rows in rows_by_item.values():
        _check_item(report, person, batch, rows)


def _check_item(report: ReportTransaction, person: Person, batch: Batch, rows: list[BatchRow]) -> None:
    """Check the rows of one item: what its update reports, and what each measured."""
    plan, item = rows[0].found or (None, None)
    assert plan is not None and item is not None  # noqa: S101 - only rows that were found come here
    context, key = report.contexts[plan.id], (item.level, item.code)
    try:
        organization = _organization_of(
            person, report.plans[plan.id], report.items[plan.id, key], batch.organization
        )
        period = batch.period or period_of(report.today, context.settings.cadence.months).id
        with validation_errors():
            reported = batch_rules.merge_rows([row.fields for row in rows], batch.period, period)
            batch_rules.remove_recorded(context, key, organization, reported, period)
        if not reported.has_content and not reported.measurements and not reported.evidence:
            for row in rows:
                row.outcome = UNCHANGED
            return
        update = report.update(plan.id, key, organization, reported, f"{item.id}.")
        for row in rows:
            row.outcome = NEW
            row.parts = batch_rules.reported_parts(reported)
            row.id = update.id if update is not None else None
    except tk.ValidationError as error:
        for row in rows:
            row.outcome, row.errors = REFUSED, dict(error.error_dict)
    except tk.NotAuthorized as error:
        for row in rows:
            row.outcome, row.errors = REFUSED, {"organization": [str(error)]}


def _organization_of(person: Person, plan: PlanRow, item: PlanItem, wanted: str | None) -> str | None:
    """For which organismo a row is reported, when the person may."""
    if wanted is None and permission.is_allowed(person, "report_whole", plan, item):
        return None
    allowed = permission.list_reporting_organizations(person, plan, item)
    if wanted is None and len(allowed) == 1:
        return allowed[0]
    if wanted is not None and wanted in allowed:
        return wanted
    report_service.require_tracked(plan)
    raise tk.NotAuthorized(
        tk._("Only a focal point of an organismo that owes the item may do this, for that organismo.")
    )


def _result(batch: Batch, *, applied: bool) -> dict[str, Any]:
    return {
        "applied": applied,
        "organization": batch.organization,
        "period": batch.period,
        "counts": {NEW: 0, UNCHANGED: 0, REFUSED: 0} | Counter(row.outcome for row in batch.rows),
        "blank": batch.blank,
        "rows": [
            {
                "row": row.number,
                "place": row.place,
                "plan": row.found[0].name if row.found else row.plan,
                "item": row.found[1].address if row.found else None,
                "code": row.key[1],
                "title": row.found[1].title if row.found else "",
                "outcome": row.outcome,
                "parts": row.parts,
                "errors": row.errors,
                "id": row.id if applied else None,
            }
            for row in batch.rows
        ],
    }
