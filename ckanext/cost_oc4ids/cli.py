"""``ckan cost-oc4ids``: validate a file or a resource, validate again what changed, count states."""

from __future__ import annotations

import json
import sys

import ckan.plugins.toolkit as tk
import click
from ckan import model
from redis.exceptions import RedisError

from ckanext.cost_common import storage
from ckanext.cost_common.chunks import iterate_chunks
from ckanext.cost_oc4ids import config
from ckanext.cost_oc4ids.model import ResourceState
from ckanext.cost_oc4ids.model import report as states
from ckanext.cost_oc4ids.oc4ids import checks, messages, render
from ckanext.cost_oc4ids.oc4ids.types import CHECKS_VERSION, SCHEMA_VERSION
from ckanext.cost_oc4ids.validation import (
    availability,
    declaration,
    file_writes,
    queue,
    runner,
    stored_results,
    sweep,
    worker,
)

INVALID, UNREADABLE = 1, 2


def get_commands() -> list[click.Command]:
    """Return the commands of this plugin."""
    return [cost_oc4ids]


@click.group("cost-oc4ids", short_help="Infrastructure projects in OC4IDS.")
def cost_oc4ids() -> None:
    """Infrastructure projects in OC4IDS."""


@cost_oc4ids.command()
@click.argument("file", required=False, type=click.File("rb"))
@click.option("--resource", "resource_id", help="Validate the stored file of this resource instead.")
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True)
@click.option("--lang", help="Language of the report: es or en. Default: the portal's.")
def validate(file: click.utils.LazyFile | None, resource_id: str | None, form: str, lang: str | None) -> None:
    """Validate FILE as this portal does, and store nothing.

    Ends with 0 when the file conforms, 1 when it does not, 2 when it cannot be read.
    """
    if (file is None) == (resource_id is None):
        raise click.UsageError("Give a FILE, or a resource with --resource.")
    if resource_id is not None:
        resource = model.Resource.get(resource_id)
        if resource is None or resource.url_type != "upload":
            click.secho(f"Resource {resource_id} is not an uploaded file.", fg="red", err=True)
            sys.exit(UNREADABLE)
        try:
            source, content_hash, size = runner.read_upload(resource.id, resource.as_dict())
        except runner.FileUnavailable as error:
            click.secho(f"The file of resource {resource_id} cannot be read: {error}", fg="red", err=True)
            sys.exit(UNREADABLE)
    else:
        chunks = iterate_chunks(file)  # type: ignore[arg-type]
        source, content_hash, size = runner.spool(chunks, config.max_bytes())
    report = runner.validate_file(source, content_hash, size).report
    if report is None:
        raise RuntimeError("validated without a report")
    lang = lang or tk.config.get("ckan.locale_default") or "es"
    if form == "json":
        click.echo(json.dumps(render.as_dict(report, lang), ensure_ascii=False, indent=2))
    else:
        click.echo(render.as_text(report, lang))
    if report.unreadable:
        sys.exit(UNREADABLE)
    if not report.valid:
        sys.exit(INVALID)


@cost_oc4ids.command()
@click.option("--all", "everything", is_flag=True, help="Every resource that declares OC4IDS.")
@click.option(
    "--stale", is_flag=True, help="Only what changed, waits, failed or was validated by other rules."
)
@click.option("--resource", "resource_ids", multiple=True, help="This resource. May be repeated.")
@click.option(
    "--queue", "queued", is_flag=True, help="Leave the work to the worker instead of doing it here."
)
@click.option(
    "--accept-content",
    is_flag=True,
    help="With --resource: take the file that is in the storage although no save put it there.",
)
def revalidate(
    everything: bool, stale: bool, resource_ids: tuple[str, ...], queued: bool, accept_content: bool
) -> None:
    """Validate stored resources again and store the results. For a nightly cron line: --stale.

    Ends with 1 when a file could not be read or validated, or is not the one that was saved; what was
    published from it stays. When no file at all can be read it stops and says so.
    """
    if sum(map(bool, (everything, stale, resource_ids))) != 1:
        raise click.UsageError("Give one of --all, --stale and --resource.")
    if accept_content and (queued or not resource_ids):
        raise click.UsageError("--accept-content goes with --resource, and not with --queue.")
    wanted = list(resource_ids)
    if everything or stale:
        wanted = _sweep()
    if everything:
        wanted = [
            resource_id
            for resource_id, _, url_type in sweep.list_declared_resources()
            if url_type == "upload" or resource_id in wanted
        ]
    origin = states.NIGHTLY if stale else states.COMMAND
    counts: dict[str, int] = {}
    for resource_id in wanted:
        if queued:
            outcome = f"queued as {queue.enqueue(resource_id, origin, force=not stale)}"
        else:
            outcome = worker.validate_resource(
                resource_id, origin, force=not stale, accept_content=accept_content
            )
        counts["queued" if queued else outcome] = counts.get("queued" if queued else outcome, 0) + 1
        click.echo(f"{resource_id} {outcome}")
    summary = ", ".join(f"{count} {state}" for state, count in sorted(counts.items()))
    if wanted or not stale:
        # cron mails whatever is printed
        click.secho(f"{len(wanted)} resources{': ' + summary if summary else ''}", bold=True)
    problems = _print_problems(None if everything or stale else wanted)
    nothing = _print_unknown(resource_ids)
    if problems or nothing or counts.get(states.ERROR):
        sys.exit(INVALID)


def _print_unknown(resource_ids: tuple[str, ...]) -> int:
    """Print resources that were asked for and are no OC4IDS file of this portal; return how many."""
    unknown = 0
    for resource_id in resource_ids:
        resource = model.Resource.get(resource_id)
        if resource is None or resource.state != "active":
            click.secho(f"There is no resource {resource_id}.", fg="red", err=True)
        elif not declaration.is_oc4ids(resource.extras):
            click.secho(f"Resource {resource_id} does not declare OC4IDS.", fg="red", err=True)
        else:
            continue
        unknown += 1
    return unknown


def _sweep() -> list[str]:
    """Clean up, look at every file, return what is to be validated. Exits when no file can be read."""
    deleted = sweep.delete_orphans()
    _refresh_withheld()
    if deleted:
        click.echo(f"Deleted {deleted} rows of datasets and resources that are no longer there.")
    try:
        wanted = sweep.mark_stale()
    except availability.StorageUnavailable as error:
        click.secho(
            f"Stopped: {error} in {storage.name_storage()}. Nothing was withdrawn or validated. Mount "
            "the storage, or let this user read it, and run the command again. If the files are truly lost, "
            "restore them from the backup, upload them again or delete their resources.",
            fg="red",
            err=True,
        )
        sys.exit(UNREADABLE)
    leftovers = file_writes.delete_leftovers()
    if leftovers:
        click.echo(f"Deleted {leftovers} files that uploads which never ended had left.")
    return wanted


def _print_problems(resource_ids: list[str] | None = None) -> int:
    """Print resources whose bytes could not be read at the last look; return how many.

    :param resource_ids: only of these; None: of all.
    """
    rows = stored_results.list_read_problems(resource_ids)
    for row in rows:
        last = f"last read {row.last_read:%Y-%m-%d %H:%M} UTC" if row.last_read else "never read"
        click.secho(
            f"{row.resource_id} {row.state} {row.read_problem} since "
            f"{row.problem_since:%Y-%m-%d %H:%M} UTC, {last}{': ' + row.error if row.error else ''}",
            fg="red",
        )
    return len(rows)


@cost_oc4ids.command()
@click.option("--lang", help="Language of the titles: es or en.")
def codes(lang: str | None) -> None:
    """List the codes of findings, for the option raise_to_error: code, weight, title."""
    checks.load()
    words = render.words(lang or tk.config.get("ckan.locale_default") or "es")
    for code, message in sorted(messages.all_messages().items()):
        click.echo(f"{code:32} {words.severity(message.severity):12} {words(message.title)}")


@cost_oc4ids.command()
def visibility() -> None:
    """Ask of every dataset with projects whether a visitor may see it, and show its projects accordingly.

    For after a change of the portal's own rules of permission; revalidate --stale does it every night.
    Ends with 1 when a plugin failed to answer for a dataset, which stays as it was.
    """
    if _refresh_withheld():
        sys.exit(INVALID)


def _refresh_withheld() -> int:
    """Print what the portal withholds from visitors now and did not before, or the reverse.

    :returns: of how many datasets it is not known.
    """
    changes = sweep.refresh_withheld()
    for package_id in changes.withheld:
        click.secho(f"dataset {package_id} withheld: visitors may not see it", fg="yellow")
    for package_id in changes.released:
        click.echo(f"dataset {package_id} released: visitors may see it")
    for package_id in changes.unknown:
        click.secho(f"dataset {package_id} unknown: package_show failed, see the log", fg="red", err=True)
    return len(changes.unknown)


@cost_oc4ids.command()
def requeue() -> None:
    """Queue checks again whose job is lost: a worker was killed, or Redis lost it. For a cron line.

    Also puts back the files of saves that never ended. Says nothing when there is nothing to do.
    """
    recovered = file_writes.recover()
    if recovered:
        click.echo(f"Put back the files of {recovered} saves that never ended.")
    try:
        queued = sweep.requeue_lost_jobs()
    except RedisError as error:
        click.secho(f"Redis ({tk.config.get('ckan.redis.url')}) does not answer: {error}", fg="red", err=True)
        sys.exit(INVALID)
    for resource_id in queued:
        click.echo(f"{resource_id} queued")


@cost_oc4ids.command()
def status() -> None:
    """Show how many resources are in each state, what failed and what waits."""
    click.echo(
        f"OC4IDS {SCHEMA_VERSION}, checks {CHECKS_VERSION}, guard {config.guard()}, queue {config.queue()}"
    )
    for state, count in ResourceState.counts().items():
        click.echo(f"{state:15} {count}")
    if storage.find_root() is None:
        click.secho(
            f"The storage {storage.name_storage()} has no paths: when a save fails after its file was "
            "written, the former file cannot be put back. revalidate --stale finds it and mails it.",
            fg="yellow",
        )
    else:
        click.echo(f"files in {storage.name_storage()}: a save that fails leaves the former file in place")
    unfinished = stored_results.count_file_writes()
    if unfinished:
        click.secho(f"{unfinished} uploads under way, or ended by a kill: see requeue", fg="yellow")
    _print_problems()
    for row in stored_results.list_unfinished():
        color = "red" if row.state == states.ERROR else "yellow"
        detail = f": {row.error}" if row.error else ""
        click.secho(
            f"{row.resource_id} {row.state} {row.reason or ''} attempts {row.attempts}{detail}", fg=color
        )
