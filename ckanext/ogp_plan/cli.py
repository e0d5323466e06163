"""``ckan ogp-plan``: what is run by hand or by cron.

ckan ogp-plan nightly            every night: lights, datasets, imports left open, chains of facts
ckan ogp-plan organization link  by hand: which organization an organismo is
ckan ogp-plan verify             by hand: are the facts those that were recorded
ckan ogp-plan evidence check     every week: is the evidence still there, and still the same
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
        shown = tk.get_action("ogp_plan_import")({**context}, given)
        lookup.opened_import(shown["id"]).file_name = file.name
        if options["answers"]:
            answers = json.loads(options["answers"].read_text(encoding="utf-8"))
            answered = {"id": shown["id"], "answers": answers}
            shown = tk.get_action("ogp_plan_import_answer")({**context}, answered)
        _print_import(shown, options["form"])
        if shown["reading"]["acta"]["asked"] or not options["apply_"]:
            model.Session.rollback()
            sys.exit(OPEN if shown["reading"]["acta"]["asked"] else 0)
        applied = {"id": shown["id"], "act_name": options["act"], "reason": options["reason"]}
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


def _print_import(shown: dict[str, Any], form: str) -> None:
    if form == "json":
        click.echo(json.dumps(shown, ensure_ascii=False, indent=1))
        return
    acta = shown["reading"]["acta"]
    click.echo(f"{shown['plan_title'] or shown['reading']['plan']['title']} ({shown['layout']})")
    for level in shown["reading"]["counts"]:
        click.echo(f"  {level['name']}: {level['count']}")
    click.echo(f"accepted: {acta['accepted']}")
    for kind in ("inherited", "flagged", "dropped"):
        click.echo(f"{kind}: {len(acta[kind])}")
        for one in acta[kind] if kind == "flagged" else ():
            click.echo(f"  {_where(one['place'])} {one['title']}: {one['why']}")
    for one in acta["asked"]:
        click.secho(f"asked [{one['id']}] {_where(one['place'])} {one['why']}", fg="yellow")
        for option in one["options"]:
            click.echo(f"    {option['value']}: {option['label']}")
    click.echo(f"changes: {len(shown['changes'])}")
    for one in shown["changes"] if shown["plan"] else ():
        what = one["field_name"] or one["kind"]
        where = f"{one['level_name'] or ''} {one['code'] or ''}".strip()
        click.echo(f"  {where} {what}: {one['before_text']} → {one['after_text']}")


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


def _print_cut(one: dict[str, Any]) -> None:
    late = f" {one['late_days']} business days late" if one["late_days"] else ""
    click.echo(
        f"{one['plan']} {one['day']} due {one['due']} {one['state']}{late} {one['sha256'] or 'not frozen'}"
    )


@cut.command("list")
@click.argument("plan", required=False)
def cut_list(plan: str | None) -> None:
    """List the cuts of PLAN, or of every plan, with the state of each."""
    from ckanext.ogp_plan.services import cut as cut_service

    rows = [_plan(plan)] if plan else model.Session.query(PlanRow).order_by(PlanRow.name).all()
    for name, days in ((row.name, cut_service.list_days(row)) for row in rows):
        for one in days:
            _print_cut(
                {
                    "plan": name,
                    "day": one.day,
                    "due": one.state.due,
                    "state": one.state.state,
                    "late_days": one.published.late_days if one.published else 0,
                    "sha256": one.cut.sha256 if one.cut else None,
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
        for one in cut_service.list_days(row):
            if wanted not in (None, one.day):
                continue
            for frozen in (*one.earlier, *([one.cut] if one.cut else [])):
                looked += 1
                found = cut_service.verify(row, frozen)
                _print_verified(row.name, one.day, found)
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
        for one in found.differences:
            click.echo(f"  {one.path}: {one.frozen!r} → {one.computed!r}")


# --- organizations -----------------------------------------------------------------------------------


@ogp_plan.group()
def organization() -> None:
    """Which organization of the portal each organismo of the plans is."""


@organization.command("list")
@click.option("--code", help="Only of this organismo.")
@click.option("--day", help="As it was at the end of this day, as 2026-04-30.")
@click.option("--all", "everything", is_flag=True, help="Also links that are not in force.")
def organization_list(code: str | None, day: str | None, everything: bool) -> None:
    """List the links, and the organismos that owe something and are no organization."""
    wanted: dict[str, Any] = {"ended": everything or bool(day)}
    wanted |= {name: value for name, value in (("code", code), ("day", day)) if value}
    found = _act_on_link("list", wanted, None)
    for one in found["results"]:
        _print_link(one)
    for one in found["unlinked"] if code is None and day is None else ():
        click.secho(f"{one['code']}: no organization, owes in {one['plans']} plans", fg="yellow")


@organization.command("link")
@click.argument("code")
@click.argument("organization")
@click.option("--since", help="First day, as 2026-01-01. Default: from now on.")
@click.option("--until", help="Last day, included. Default: without an end.")
@click.option("--user", help="Who does it. Default: the portal's own user.")
def organization_link_(code: str, organization: str, user: str | None, **days: str | None) -> None:
    """Say that the organismo CODE is ORGANIZATION: its name or id."""
    wanted = {"code": code, "organization": organization, **{name: day for name, day in days.items() if day}}
    _print_link(_act_on_link("create", wanted, user))


@organization.command("end")
@click.argument("code")
@click.option("--until", help="Last day, included. Default: it ends now.")
@click.option("--user", help="Who does it. Default: the portal's own user.")
def organization_end(code: str, until: str | None, user: str | None) -> None:
    """Say that the organismo CODE is its organization no longer."""
    from ckanext.ogp_plan.services import organization_link

    active = organization_link.load(code=code, at=organization_link.now())
    if not active:
        _fail(f"{code} is no organization now.")
    wanted = {"id": active[0].id, **({"until": until} if until else {})}
    _print_link(_act_on_link("end", wanted, user))


def _act_on_link(what: str, wanted: dict[str, Any], user: str | None) -> dict[str, Any]:
    who = _user(user)
    try:
        action = tk.get_action(f"ogp_plan_organization_link_{what}")
        done: dict[str, Any] = action({"user": who.name, "auth_user_obj": who}, wanted)
    except tk.ValidationError as error:
        _print_errors(error)
    except (tk.NotAuthorized, tk.ObjectNotFound) as error:
        _fail(str(error) or "Not authorised.")
    else:
        return done
    raise AssertionError


def _print_link(one: dict[str, Any]) -> None:
    state = one["organization"]["state"] or "purged"
    until = one["until"] or "now" if one["active"] else one["until"]
    deleted = "" if state == "active" else f" ({state})"
    click.echo(f"{one['code']} = {one['organization']['name']}{deleted} {one['since']} – {until}")


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
    """What is due every night: the verification of the facts, lights of the day, datasets of plans, imports
    that nobody went on with. Ends with 1 when facts are not as they were recorded."""
    from ckanext.ogp_plan.exports import dataset as dataset_export
    from ckanext.ogp_plan.services import import_ as import_service

    # first: from facts that somebody changed, lights may not even be computed
    wrong = _verify_plans(_all_plans(), alert=True)
    _recompute_all()
    with _addresses():
        click.echo(f"datasets: {dataset_export.refresh_all()}")
    closed = import_service.discard_old_imports()
    model.Session.commit()
    click.echo(f"imports closed: {closed}")
    sys.exit(OPEN if wrong else 0)


# --- facts ----------------------------------------------------------------------------------------------


def _all_plans() -> list[PlanRow]:
    return list(model.Session.query(PlanRow).order_by(PlanRow.name))


@ogp_plan.command()
@click.argument("plan", required=False)
def verify(plan: str | None) -> None:
    """Compute the facts of PLAN, or of every plan, again, and compare with cuts and the last verification.

    Each fact that was inserted, deleted, changed or moved in the database is named: it ends with 1 then.
    """
    sys.exit(OPEN if _verify_plans([_plan(plan)] if plan else _all_plans()) else 0)


def _verify_plans(plans: list[PlanRow], *, alert: bool = False) -> bool:
    """Verify plans, print and store what was found; return whether something is wrong.

    :param alert: write to the administration of the portal about what was not known before.
    """
    from ckanext.ogp_plan.mail import chain_alert
    from ckanext.ogp_plan.services import chain as chain_service

    wrong, new = False, {}
    for row in plans:
        found, changed = chain_service.verify_and_store(row)
        name = row.name
        model.Session.commit()
        wrong = wrong or bool(found.findings)
        if not found.findings:
            click.secho(f"{name}: {found.head.position} facts as recorded, {found.head.sha256}", fg="green")
            continue
        click.secho(f"{name}: {len(found.findings)} facts NOT as recorded", fg="red")
        for one in found.findings:
            known = f" (known by: {one.known_by})" if one.known_by else ""
            click.echo(f"  {one.position} {one.kind.value} {one.fact or 'fact not known'}{known}")
        if changed:
            new[name] = found.findings
    if new and alert:
        sent, error = chain_alert.send_alert(new)
        click.echo(f"letters to the administration: {sent}")
        if error:
            click.secho(error, fg="yellow", err=True)
    return wrong


@ogp_plan.command()
@click.argument("plan")
@click.option("--yes", is_flag=True, help="Do it: without it, only what would be deleted is said.")
def purge(plan: str, yes: bool) -> None:
    """Delete PLAN with its versions, facts and cuts, for ever. The database's role must own the tables."""
    from sqlalchemy.exc import ProgrammingError

    from ckanext.ogp_plan.services import plan_purge

    row = _plan(plan)
    try:
        deleted = plan_purge.purge(row)
    except ProgrammingError as error:
        _fail(f"{plan} was not deleted: {str(error.orig).strip()}. Use the role that owns the tables.")
        return
    for table, count in deleted.items():
        if count:
            click.echo(f"{table}: {count}")
    if not yes:
        model.Session.rollback()
        click.secho("Nothing was deleted: add --yes to delete it.", fg="yellow")
        return
    model.Session.commit()
    click.secho(f"{plan} was deleted.", bold=True)


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
    for name, one in outcome.items():
        click.echo(
            f"{name}: looked at {one.checked}, well {one.valid}, broken {one.broken}, changed {one.changed}, "
            f"no longer public {one.hidden}, not determined {one.unknown}"
        )


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
