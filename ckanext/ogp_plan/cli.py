"""``ckan ogp-plan``: what is run by hand or by cron.

ckan ogp-plan nightly            every night: lights, datasets, imports left open
ckan ogp-plan evidence check     every week: is the evidence still there, and still the same
ckan ogp-plan evidence orphans   files stored as evidence and of none, after an outage or a killed process
ckan ogp-plan reminders send     every morning of a business day
ckan ogp-plan reminders resend   by hand: what failed, once its cause is gone
"""

from __future__ import annotations

import contextlib
import datetime as dt
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import ckan.plugins.toolkit as tk
import click
from ckan import model
from flask import has_request_context

from ckanext.ogp_plan.model import PlanRow

#: Exit codes: questions are open or a cut differs; the document, plan or day cannot be used.
OPEN, UNUSABLE = 1, 2


def get_commands() -> list[click.Command]:
    """Return the commands of this plugin."""
    return [ogp_plan]


@click.group("ogp-plan", short_help="Public plans tracked to the end.")
def ogp_plan() -> None:
    """Public plans tracked to the end."""


# --- shared -------------------------------------------------------------------------------------------


@contextlib.contextmanager
def _addresses() -> Iterator[None]:
    """Let addresses of pages be made, as in a request."""
    app = click.get_current_context().meta.get("flask_app")
    if app is None or has_request_context():
        yield
        return
    with app.test_request_context():
        yield


def _fail(sentence: str) -> None:
    model.Session.rollback()
    click.secho(sentence, fg="red", err=True)
    sys.exit(UNUSABLE)


def _print_errors(error: tk.ValidationError) -> None:
    lines = []
    for field, messages in error.error_dict.items():
        for sentence in messages if isinstance(messages, list) else [messages]:
            lines.append(f"{field}: {sentence}")
    _fail("\n".join(lines))


def _plan(name: str) -> PlanRow:
    found = PlanRow.get(name)
    if found is None:
        _fail(f"There is no plan {name}.")
        raise AssertionError
    return found


def _day(text: str) -> dt.date:
    try:
        return dt.date.fromisoformat(text)
    except ValueError:
        _fail(f"{text} is no day. Write it as 2026-04-30.")
        raise AssertionError from None


def _user(name: str | None) -> model.User:
    """Who does it: the user named, or the portal's own."""
    if not name:
        name = tk.get_action("get_site_user")({"ignore_auth": True}, {})["name"]
    found = model.User.get(name)
    if found is None:
        _fail(f"There is no user {name}.")
    return found


# --- import -------------------------------------------------------------------------------------------


@ogp_plan.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--plan", help="Name of the plan it changes. Without it, a new one: --family, --name, --owner.")
@click.option("--family", help="Family of the new plan: paac, ptep, ogp, cost, …")
@click.option("--name", help="Name of the new plan: the end of its address.")
@click.option("--title", default="", help="Title of the new plan. Default: the document's.")
@click.option("--owner", help="Name of the organization that owns the new plan.")
@click.option("--layout", help="Layout of the document. Default: the family's are tried in order.")
@click.option(
    "--answers", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="JSON of answers."
)
@click.option("--apply", "apply_", is_flag=True, help="Apply it. Without it nothing is written: a dry run.")
@click.option("--act", default="", help="The act that changes an adopted plan.")
@click.option("--reason", default="", help="Why an adopted plan changes.")
@click.option("--user", help="Who does it. Default: the portal's own user.")
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True)
def import_(file: Path, **options: Any) -> None:
    """Read FILE as a plan and say what was understood and what would change; apply it with --apply.

    Ends with 0 when it was understood (and applied), 1 when something is asked, 2 when it cannot be read.
    """
    from ckanext.ogp_plan.logic import lookup

    who = _user(options["user"])
    context: dict[str, Any] = {"user": who.name, "auth_user_obj": who, "defer_commit": True}
    fields = ("layout", "plan") if options["plan"] else ("layout", "family", "name", "title", "owner")
    wanted = {name: options[name] for name in fields if options[name]}
    try:
        given = {**wanted, "upload": file.read_bytes()}
        displayed = tk.get_action("ogp_plan_import")({**context}, given)
        lookup.opened_import(displayed["id"]).file_name = file.name
        if options["answers"]:
            answers = json.loads(options["answers"].read_text(encoding="utf-8"))
            answered = {"id": displayed["id"], "answers": answers}
            displayed = tk.get_action("ogp_plan_import_answer")({**context}, answered)
        _print_import(displayed, options["form"])
        if displayed["reading"]["acta"]["asked"] or not options["apply_"]:
            model.Session.rollback()
            sys.exit(OPEN if displayed["reading"]["acta"]["asked"] else 0)
        applied = {"id": displayed["id"], "act_name": options["act"], "reason": options["reason"]}
        done = tk.get_action("ogp_plan_import_apply")({**context}, applied)
        model.Session.commit()
    except tk.ValidationError as error:
        _print_errors(error)
    except (tk.NotAuthorized, tk.ObjectNotFound, ValueError) as error:
        _fail(str(error) or "Not authorised.")
    else:
        _say_applied(done, err=options["form"] == "json")


def _say_applied(done: dict[str, Any], *, err: bool) -> None:
    from ckanext.ogp_plan.exports import dataset as dataset_export

    with _addresses():
        dataset_export.refresh(_plan(done["plan"]).id)
    click.secho(f"{done['plan']} version {done['version']}: {done['changes']} changes", bold=True, err=err)
    for printed in done["unknown_names"]:
        click.secho(f"waits for somebody to say whose it is: {printed}", fg="yellow", err=True)


def _print_import(displayed: dict[str, Any], form: str) -> None:
    if form == "json":
        click.echo(json.dumps(displayed, ensure_ascii=False, indent=1))
        return
    acta = displayed["reading"]["acta"]
    click.echo(f"{displayed['plan_title'] or displayed['reading']['plan']['title']} ({displayed['layout']})")
    for level in displayed["reading"]["counts"]:
        click.echo(f"  {level['name']}: {level['count']}")
    click.echo(f"accepted: {acta['accepted']}")
    for kind in ("inherited", "flagged", "dropped"):
        click.echo(f"{kind}: {len(acta[kind])}")
        for entry in acta[kind] if kind == "flagged" else ():
            click.echo(f"  {_where(entry['place'])} {entry['title']}: {entry['why']}")
    for entry in acta["asked"]:
        click.secho(f"asked [{entry['id']}] {_where(entry['place'])} {entry['why']}", fg="yellow")
        for option in entry["options"]:
            click.echo(f"    {option['value']}: {option['label']}")
    click.echo(f"changes: {len(displayed['changes'])}")
    for entry in displayed["changes"] if displayed["plan"] else ():
        what = entry["field_name"] or entry["kind"]
        where = f"{entry['level_name'] or ''} {entry['code'] or ''}".strip()
        click.echo(f"  {where} {what}: {entry['before_text']} → {entry['after_text']}")


def _where(place: dict[str, Any]) -> str:
    return " ".join(str(place[name]) for name in ("sheet", "cell", "line") if name in place)


# --- cuts ---------------------------------------------------------------------------------------------


@ogp_plan.group()
def cut() -> None:
    """Cuts: frozen, computed again, published."""


@cut.command("create")
@click.argument("plan")
@click.argument("day")
@click.option("--reason", default="", help="Why it is frozen again, where it was before.")
@click.option("--user", help="Who does it. Default: the portal's own user.")
def cut_create(plan: str, day: str, reason: str, user: str | None) -> None:
    """Freeze PLAN for the cut of DAY (2026-04-30), with what is recorded now."""
    _act_on_cut("ogp_plan_cut_create", {"plan": plan, "day": day, "reason": reason}, user)


@cut.command("publish")
@click.argument("plan")
@click.argument("day")
@click.option("--user", required=True, help="Who publishes it: somebody with the role of Control Interno.")
def cut_publish(plan: str, day: str, user: str) -> None:
    """Publish the cut of DAY of PLAN, now."""
    _act_on_cut("ogp_plan_cut_publish", {"plan": plan, "day": day}, user)


def _act_on_cut(action: str, wanted: dict[str, Any], user: str | None) -> None:
    who = _user(user)
    try:
        with _addresses():
            done = tk.get_action(action)({"user": who.name, "auth_user_obj": who}, wanted)
    except tk.ValidationError as error:
        _print_errors(error)
    except (tk.NotAuthorized, tk.ObjectNotFound) as error:
        _fail(str(error) or "Not authorised.")
    else:
        _print_cut(done)


def _print_cut(entry: dict[str, Any]) -> None:
    late = f" {entry['late_days']} business days late" if entry["late_days"] else ""
    click.echo(
        f"{entry['plan']} {entry['day']} due {entry['due']} {entry['state']}{late} "
        f"{entry['sha256'] or 'not frozen'}"
    )


@cut.command("list")
@click.argument("plan", required=False)
def cut_list(plan: str | None) -> None:
    """List the cuts of PLAN, or of every plan, with the state of each."""
    from ckanext.ogp_plan.services import cut as cut_service

    rows = [_plan(plan)] if plan else model.Session.query(PlanRow).order_by(PlanRow.name).all()
    for name, days in ((row.name, cut_service.list_days(row)) for row in rows):
        for day in days:
            _print_cut(
                {
                    "plan": name,
                    "day": day.day,
                    "due": day.state.due,
                    "state": day.state.state,
                    "late_days": day.published.late_days if day.published else 0,
                    "sha256": day.cut.sha256 if day.cut else None,
                }
            )


@cut.command("verify")
@click.argument("plan", required=False)
@click.argument("day", required=False)
def cut_verify(plan: str | None, day: str | None) -> None:
    """Compute cuts again from the append-only tables: one of DAY of PLAN, all of PLAN, or all there are.

    Every freezing is computed, those that were replaced too. Ends with 1 when one is not the same.
    """
    from ckanext.ogp_plan.services import cut as cut_service

    rows = [_plan(plan)] if plan else model.Session.query(PlanRow).order_by(PlanRow.name).all()
    wanted = _day(day) if day else None
    worst = looked = 0
    for row in rows:
        for day_row in cut_service.list_days(row):
            if wanted not in (None, day_row.day):
                continue
            for frozen in (*day_row.earlier, *([day_row.cut] if day_row.cut else [])):
                looked += 1
                found = cut_service.verify(row, frozen)
                _print_verified(row.name, day_row.day, found)
                worst = max(worst, 0 if found.same else OPEN)
    if wanted and not looked:
        _fail(f"{plan} has no frozen cut of {day}.")
    sys.exit(worst)


def _print_verified(plan: str, day: dt.date, found: Any) -> None:
    if found.same:
        click.secho(f"{plan} {day} same {found.sha256}", fg="green")
    elif found.rules is not None:
        click.secho(f"{plan} {day} made by rules {found.rules}: this release has others", fg="yellow")
    else:
        click.secho(f"{plan} {day} DIFFERS frozen {found.sha256} computed {found.sha256_now}", fg="red")
        for difference in found.differences:
            click.echo(f"  {difference.path}: {difference.frozen!r} → {difference.computed!r}")


# --- lights, evidence, letters --------------------------------------------------------------------------


@ogp_plan.command()
@click.argument("plan", required=False)
def recompute(plan: str | None) -> None:
    """Compute the lights of PLAN again, or of every plan that is tracked."""
    from ckanext.ogp_plan.services import item_status

    if plan:
        row = _plan(plan)
        done = item_status.recompute(row.id)
        model.Session.commit()
        click.echo(f"{plan}: {done.written} items written, {len(done.lights)} lights changed")
        return
    _recompute_all()


def _recompute_all() -> None:
    from ckanext.ogp_plan.services import item_status

    for name, done in item_status.nightly():
        click.echo(f"{name}: {done.written} items written, {len(done.lights)} lights changed")


@ogp_plan.command()
def nightly() -> None:
    """What is due every night: lights of the day, datasets of plans, imports that nobody went on with.

    Ends with 1 when a dataset could not be brought up to date; the rest is done all the same.
    """
    from ckanext.ogp_plan.exports import dataset as dataset_export
    from ckanext.ogp_plan.services import import_ as import_service

    _recompute_all()
    with _addresses():
        count, failed = dataset_export.refresh_all()
    click.echo(f"datasets: {count}" + (f", failed: {len(failed)}" if failed else ""))
    for name, reason in failed.items():
        click.secho(f"the dataset of {name} was not brought up to date: {reason}", fg="red", err=True)
    closed = import_service.discard_old_imports()
    model.Session.commit()
    click.echo(f"imports closed: {closed}")
    if failed:
        sys.exit(OPEN)


@ogp_plan.group()
def evidence() -> None:
    """What proves what was reported."""


@evidence.command("check")
@click.option("--plan", help="Only of this plan.")
@click.option("--all", "everything", is_flag=True, help="Also what was looked at within the week.")
def evidence_check(plan: str | None, everything: bool) -> None:
    """Look whether evidence is still there, the same and public. Weekly by cron; what is due is looked at."""
    from ckanext.ogp_plan.services import evidence_check

    if plan:
        row = _plan(plan)
        outcome = {plan: evidence_check.check_plan(row, everything=everything)}
    else:
        outcome = evidence_check.check_all(everything=everything)
    for name, entry in outcome.items():
        click.echo(
            f"{name}: looked at {entry.checked}, well {entry.valid}, broken {entry.broken}, "
            f"changed {entry.changed}, no longer public {entry.hidden}, not determined {entry.unknown}"
            + (f", WITHHELD BUT OPEN TO ANYBODY {entry.exposed}" if entry.exposed else "")
        )


@evidence.command("orphans")
@click.option("--delete", is_flag=True, help="Delete the files; resources are only listed.")
@click.option(
    "--age", type=click.IntRange(0), default=3600, help="Seconds since it was stored; less is kept."
)
def evidence_orphans(delete: bool, age: int) -> None:
    """List files that were stored as evidence and are of none: what a killed process or an outage left.

    Ends with 1 when there are some.
    """
    from ckanext.ogp_plan.services import evidence_orphan

    found = list(evidence_orphan.find(age))
    for entry in found:
        if delete and entry.deletable:
            entry.delete()
        click.echo(f"{entry.kind} {entry.name}" + (" deleted" if delete and entry.deletable else ""))
    click.echo(f"orphans: {len(found)}")
    if any(not (delete and entry.deletable) for entry in found):
        sys.exit(OPEN)


@ogp_plan.group()
def reminders() -> None:
    """Letters to those who answer."""


@reminders.command("send")
def reminders_send() -> None:
    """Queue the letters that are due today and send them.

    When the mail server is unavailable they wait for the next run.
    """
    from ckanext.ogp_plan.mail import delivery as mail_delivery

    with _addresses():
        outcome = mail_delivery.send_reminders()
    rows = ", ".join(f"{count} {state}" for state, count in sorted(outcome.rows.items()) if count)
    click.echo(f"{outcome.letters} letters" + (f" ({rows})" if rows else ""))
    if outcome.stopped:
        click.secho(outcome.stopped, fg="yellow", err=True)
        sys.exit(OPEN)


@reminders.command("resend")
@click.option("--doubtful", is_flag=True, help="Also those that may have gone out: they may arrive twice.")
def reminders_resend(doubtful: bool) -> None:
    """Try the letters that failed once more. None that was sent goes out again.

    Ends with 1 when one failed again, or the mail server is unavailable.
    """
    from ckanext.ogp_plan.mail import delivery as mail_delivery
    from ckanext.ogp_plan.mail import reminder as letters

    with _addresses():
        outcome = mail_delivery.resend(doubtful=doubtful)
    rows = outcome.rows
    sent, failed = rows[letters.SENT], rows[letters.FAILED]
    click.echo(f"tried {outcome.tried}: sent {sent} in {outcome.letters} letters, failed again {failed}")
    for state, words in (
        (letters.NOT_NEEDED, "done meanwhile, not sent"),
        (letters.SKIPPED, "whose reader has no address or wants no letters"),
        (letters.PENDING, "not taken now: they go out with the next reminders send"),
    ):
        if rows[state]:
            click.echo(f"{rows[state]} {words}")
    if outcome.left:
        click.secho(f"left {outcome.left} that may have gone out: --doubtful sends them again", fg="yellow")
    if outcome.stopped:
        click.secho(outcome.stopped, fg="yellow", err=True)
    if outcome.stopped or failed:
        sys.exit(OPEN)
