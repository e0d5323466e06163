"""Whether evidence is still valid: the link responds, the file is the same, the resource is still public.

Inspecting (:func:`inspect_evidence`) writes nothing; checking (:func:`check_plan`) appends one
:class:`~ckanext.ogp_plan.planning.tracking.EvidenceCheck` for each inspection and computes the items again,
a few at a time, so that a run that is cut short continues where it was.
"""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any

import sqlalchemy as sa
from ckan import model
from sqlalchemy.exc import IntegrityError

from ckanext.cost_common import dataset_access, http, networks, storage
from ckanext.cost_common.chunks import hash_chunks
from ckanext.ogp_plan import config
from ckanext.ogp_plan.model import Event, PlanRow
from ckanext.ogp_plan.planning.tracking import Evidence, EvidenceCheck, current_events
from ckanext.ogp_plan.planning.types import PlanStatus
from ckanext.ogp_plan.services import event as event_service
from ckanext.ogp_plan.services import evidence_file, item_status

log = logging.getLogger(__name__)

#: How long a check is valid (a run of the same hour a week later checks again); and one that got no response,
#: which may be the network's fault and not the link's.
WEEK, DAY = dt.timedelta(days=6, hours=12), dt.timedelta(hours=20)
#: Seconds of an inspection that somebody waits for; a slower site is requested by the worker.
INTERACTIVE_SECONDS = 8
#: Checks written in one transaction.
BATCH = 20
#: ``detail`` of an inspection.
UNREACHED, NOT_ASKED, GONE, MISSING_FILE, TOO_LARGE, NO_HASH, LOGIN, PRIVATE_NETWORK, EXPOSED = (
    "unreached",
    "not_asked",
    "gone",
    "missing_file",
    "too_large",
    "no_hash",
    "login",
    "private_network",
    "exposed",
)
#: The server has no such thing.
_GONE = (404, 410)


@dataclass(frozen=True, slots=True)
class Inspection:
    """What was found at a piece of evidence. None: not known. ``sha256`` and ``size`` of the bytes now.

    ``refused``: the address is none that this portal may request, or that the public could.
    """

    alive: bool | None = None
    public: bool | None = None
    sha256: str | None = None
    size: int | None = None
    status: int | None = None
    detail: str = ""
    refused: bool = False


# --- inspecting


def limits(at_most: float | None = None) -> http.Limits:
    """Return the limits of the request of a link.

    :param at_most: seconds, when somebody waits for it.
    """
    seconds = min(config.check_timeout(), at_most or config.check_timeout())
    return http.Limits(
        hosts=config.check_hosts() or None,
        networks=config.check_networks(),
        timeout=seconds,
        total_timeout=seconds,
        max_bytes=config.max_evidence_bytes(),
        user_agent="ckanext-ogp_plan",
    )


def inspect_link(url: str, at_most: float | None = None) -> Inspection:
    """Inspect a link outside of the catalogue (``at_most``: seconds, when somebody waits for it)."""
    if is_private_link(url):
        return _private_network(url)
    if not config.check_links():
        return Inspection(detail=NOT_ASKED)
    bounds = limits(at_most)
    try:
        with http.open_url(url, bounds) as response:
            if response.status != 200:
                return _of_status(response.status)
            try:
                digest, size = hash_chunks(response.iter_bytes())
            except http.ResponseTooLarge:
                return Inspection(alive=True, public=True, status=200, detail=TOO_LARGE)
            return Inspection(alive=True, public=True, sha256=digest, size=size, status=200)
    except http.AddressNotPublic as error:
        log.info("A link of evidence is not requested: %s", error)
        return _private_network(url)
    except http.UrlRefused as error:
        log.info("A link of evidence is not requested: %s", error)
        return Inspection(detail=NOT_ASKED, refused=not _is_unlisted_host(url, bounds))
    except http.RequestFailed as error:
        log.info("A link of evidence was not reached: %s", error)
        return Inspection(detail=UNREACHED)


def is_private_link(url: str) -> bool:
    """Return whether a link leads to a private network by its host alone, without asking for its address."""
    try:
        _, host, _ = http.check_url(url)
    except http.UrlRefused:
        return False
    return not _is_own_link(url) and networks.is_private_host(host, config.check_networks())


def _is_own_link(url: str) -> bool:
    return url.startswith(config.site_url() + "/")


def _private_network(url: str) -> Inspection:
    """Nobody outside of that network can open it, unless it is of this portal, seen from inside."""
    if _is_own_link(url):
        return Inspection(detail=NOT_ASKED)
    return Inspection(alive=False, public=False, detail=PRIVATE_NETWORK, refused=True)


def _is_unlisted_host(url: str, bounds: http.Limits) -> bool:
    """Whether an address is refused only because this portal requests no host but a few."""
    try:
        http.check_url(url, bounds.hosts)
    except http.HostNotListed:
        return True
    except http.UrlRefused:
        return False
    return False


def _of_status(status: int) -> Inspection:
    if status in _GONE:
        return Inspection(alive=False, status=status, detail=GONE)
    if status == 401:
        return Inspection(alive=True, public=False, status=status, detail=LOGIN)
    # 403 and the like: sites refuse programs that a person may pass, so nothing is known
    return Inspection(status=status, detail=UNREACHED if status >= 500 or status == 429 else NOT_ASKED)


def inspect_resource(resource_id: str) -> Inspection:
    """Inspect a resource of this catalogue, as the public would find it."""
    resource = model.Session.get(model.Resource, resource_id)
    package = resource and model.Session.get(model.Package, resource.package_id)
    if package is None or resource.state != "active" or package.state != "active":
        return Inspection(alive=False, public=False, detail=GONE)
    public = _is_public(package)
    if resource.url_type == "upload":
        return replace(_inspect_upload(resource), public=public)
    if resource.url_type or not str(resource.url or "").startswith(("http://", "https://")):
        # the DataStore, or what another plugin keeps: it is there, and has no bytes to compare
        return Inspection(alive=True, public=public, detail=NO_HASH)
    return replace(inspect_link(resource.url), public=public)


def _inspect_upload(resource: model.Resource) -> Inspection:
    resource_id, fields = resource.id, resource.as_dict()
    return _inspect_stored(lambda: storage.read_chunks(resource_id, fields), f"resource {resource_id}")


def inspect_file(file_id: str) -> Inspection:
    """Inspect the file of evidence that is not public."""
    found = _inspect_stored(lambda: evidence_file.folder().read_chunks(file_id), f"evidence {file_id}")
    return replace(found, public=False)


def _inspect_stored(read: Callable[[], Iterable[bytes]], name: str) -> Inspection:
    try:
        digest, size = hash_chunks(_up_to(read(), config.max_evidence_bytes()))
    except http.ResponseTooLarge:
        return Inspection(alive=True, detail=TOO_LARGE)
    except Exception:
        # whatever the storage raises, the file cannot be read
        log.warning("The file of %s cannot be read", name, exc_info=True)
        return Inspection(alive=False, detail=MISSING_FILE)
    return Inspection(alive=True, sha256=digest, size=size)


def _up_to(pieces: Iterable[bytes], limit: int) -> Iterator[bytes]:
    size = 0
    for piece in pieces:
        size += len(piece)
        if size > limit:
            raise http.ResponseTooLarge(f"more than {limit} bytes")
        yield piece


def inspect_dataset(dataset_id: str) -> Inspection:
    """Inspect a dataset of this catalogue; its files are not read."""
    package = model.Session.get(model.Package, dataset_id)
    if package is None or package.state != "active":
        return Inspection(alive=False, public=False, detail=GONE)
    return Inspection(alive=True, public=_is_public(package), detail=NO_HASH)


def _is_public(package: model.Package) -> bool:
    """Whether anybody may see a dataset. A plugin that fails to answer changes nothing."""
    return not package.private and dataset_access.may_visitor_see(package.id) is not False


def inspect_evidence(evidence: Evidence) -> Inspection:
    """Inspect a piece of evidence."""
    if evidence.file:
        return inspect_file(evidence.file)
    if evidence.resource:
        return inspect_resource(evidence.resource)
    if evidence.dataset:
        return inspect_dataset(evidence.dataset)
    if evidence.url:
        return inspect_link(evidence.url)
    # its place was never stored: facts that were loaded, and not reported
    return Inspection(detail=NOT_ASKED)


def inspect_stable_link(url: str) -> Inspection:
    """Inspect a link twice, while somebody waits: of a page that is never the same no hash is kept."""
    first = inspect_link(url, INTERACTIVE_SECONDS)
    if first.sha256 is None:
        return first
    if inspect_link(url, INTERACTIVE_SECONDS).sha256 != first.sha256:
        return replace(first, sha256=None, size=None, detail=NO_HASH)
    return first


# --- checking


@dataclass(slots=True)
class CheckSummary:
    """Counts of a run: checked, valid, broken, changed, hidden, not known, withheld but open to anybody,
    and with their hash captured.
    """

    checked: int = 0
    valid: int = 0
    broken: int = 0
    changed: int = 0
    hidden: int = 0
    unknown: int = 0
    exposed: int = 0
    captured: int = 0

    def count(self, check: EvidenceCheck) -> None:
        """Count one check."""
        self.checked += 1
        self.broken += check.alive is False
        self.changed += check.same is False
        self.hidden += check.public is False
        self.unknown += check.alive is None
        self.exposed += check.detail == EXPOSED
        self.valid += bool(check.alive) and check.same is not False and check.public is not False


def check(evidence: Evidence, found: Inspection, before: EvidenceCheck | None) -> EvidenceCheck:
    """Return the check of a piece of evidence, to be appended.

    :param before: the last check, if any. A link without a response is broken when it was so the time
        before, too: one failure may be this portal's own network.
    """
    alive = found.alive
    if found.detail == UNREACHED and before is not None and before.detail == UNREACHED:
        alive = False
    detail = found.detail
    if not evidence.public and evidence.dataset and found.public:
        detail = EXPOSED
    same = None
    if evidence.sha256 and found.sha256:
        same = evidence.sha256 == found.sha256
    return EvidenceCheck(
        id="",
        at=dt.datetime.now(dt.timezone.utc),
        evidence=evidence.id,
        alive=alive,
        same=same,
        # what is withheld need not be public
        public=found.public if evidence.public else None,
        status=found.status,
        detail=detail,
    )


def _load_evidence(plan_id: str) -> tuple[list[Evidence], dict[str, EvidenceCheck]]:
    """The evidence of a plan that was not withdrawn, and the last check of each."""
    table = Event.__table__
    wanted = sa.select(table).where(table.c.plan_id == plan_id, table.c.kind.in_(("evidence", "check")))
    rows = list(model.Session.execute(wanted.order_by(table.c.at, table.c.id)))
    valid: list[Any] = current_events(event_service.to_fact(row) for row in rows if row.kind == "evidence")  # type: ignore[type-var]
    checks: list[Any] = [event_service.to_fact(row) for row in rows if row.kind == "check"]
    return [evidence for evidence in valid if not evidence.retracted], {
        check_row.evidence: check_row for check_row in checks
    }


def _is_due(evidence: Evidence, last: EvidenceCheck | None, now: dt.datetime) -> bool:
    if last is None:
        return True
    return now - last.at >= (DAY if last.detail == UNREACHED and last.alive is None else WEEK)


def check_plan(plan: PlanRow, *, everything: bool = False) -> CheckSummary:
    """Check the evidence of a plan that is due; commits a few at a time.

    :param everything: what was checked lately, too.
    """
    plan_id, done = plan.id, CheckSummary()
    valid, last = _load_evidence(plan_id)
    now = dt.datetime.now(dt.timezone.utc)
    due = [evidence for evidence in valid if everything or _is_due(evidence, last.get(evidence.id), now)]
    for start in range(0, len(due), BATCH):
        some = due[start : start + BATCH]
        # no transaction is open while other sites are requested
        inspections = [(evidence, _inspect_and_close(evidence)) for evidence in some]
        _write(plan_id, inspections, last, done)
    return done


def _inspect_and_close(evidence: Evidence) -> Inspection:
    try:
        return inspect_evidence(evidence)
    finally:
        model.Session.rollback()


def _write(
    plan_id: str,
    inspections: list[tuple[Evidence, Inspection]],
    last: dict[str, EvidenceCheck],
    done: CheckSummary,
) -> None:
    event_service.share(plan_id)
    keys = set()
    for evidence, found in inspections:
        made = check(evidence, found, last.get(evidence.id))
        event_service.append(plan_id, made)
        keys.add(evidence.item)
        done.count(made)
    item_status.recompute(plan_id, keys)
    model.Session.commit()
    for evidence, found in inspections:
        done.captured += capture(plan_id, evidence, found)


def capture(plan_id: str, evidence: Evidence, found: Inspection) -> bool:
    """Keep the hash of a link that had none yet, and when it was taken; commits. The link is inspected
    once more, to know that its bytes stay the same.

    :returns: whether it was kept.
    """
    known = evidence.sha256 or evidence.captured
    if known or found.sha256 is None or not evidence.url:
        return False
    again = inspect_link(evidence.url)
    steady = again.sha256 == found.sha256
    kept = replace(
        evidence,
        id="",
        by=None,
        sha256=found.sha256 if steady else None,
        size=found.size if steady else None,
        captured=dt.datetime.now(dt.timezone.utc),
        supersedes=evidence.id,
    )
    try:
        event_service.append(plan_id, kept)
        item_status.recompute(plan_id, {evidence.item})
        model.Session.commit()
    except IntegrityError:
        # somebody corrected or withdrew it meanwhile
        model.Session.rollback()
        return False
    return steady


def check_one(evidence_id: str) -> EvidenceCheck | None:
    """Check one piece of evidence now, and commit; None when there is none such, or it was withdrawn."""
    row = model.Session.get(Event, evidence_id)
    if row is None or row.kind != "evidence":
        return None
    valid, last = _load_evidence(row.plan_id)
    evidence = next((evidence for evidence in valid if evidence.id == evidence_id), None)
    if evidence is None:
        return None
    plan_id = row.plan_id
    _write(plan_id, [(evidence, _inspect_and_close(evidence))], last, CheckSummary())
    return _load_evidence(plan_id)[1].get(evidence_id)


def check_all(*, everything: bool = False) -> dict[str, CheckSummary]:
    """Check the evidence of every plan that is no draft; return the counts by the plan's name."""
    wanted = sa.select(PlanRow.id).where(PlanRow.status != PlanStatus.DRAFT.value).order_by(PlanRow.name)
    summaries = {}
    for plan_id in list(model.Session.scalars(wanted)):
        plan = model.Session.get(PlanRow, plan_id)
        if plan is None:
            continue
        name = plan.name
        summaries[name] = check_plan(plan, everything=everything)
    return summaries
