"""Evidence: where it may be, what is kept of it, and the weekly look that finds it broken."""

from __future__ import annotations

import datetime as dt
import hashlib
import io
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, ClassVar

import ckan.plugins.toolkit as tk
import pytest
import rq
import sqlalchemy as sa
from ckan import model
from ckan.lib import jobs as core_jobs
from ckan.tests import factories
from support.application import portal
from support.plan_portal import Town
from support.publisher import storage

from ckanext.ogp_plan import config, jobs
from ckanext.ogp_plan.model import Event, PlanRow
from ckanext.ogp_plan.services import evidence_check, evidence_dataset, evidence_file
from ckanext.ogp_plan.services import queue as queue_service

OPTION = "ckanext.ogp_plan."


@pytest.fixture(scope="module")
def town() -> Iterator[Town]:
    with portal() as app:
        yield Town.build(app)


@pytest.fixture
def plan(town: Town) -> PlanRow:
    return town.plan("paac")


class _Site(BaseHTTPRequestHandler):
    """A site whose pages a test changes: path → (status, body); a callable body is another each time."""

    pages: ClassVar[dict[str, tuple[int, Any]]] = {}
    asked: ClassVar[list[str]] = []

    def do_GET(self) -> None:
        self.asked.append(self.path)
        status, body = self.pages.get(self.path, (404, b""))
        content = body() if callable(body) else body
        self.send_response(status)
        if status in (301, 302):
            self.send_header("Location", content.decode())
            content = b""
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_args: Any) -> None:
        pass


@pytest.fixture
def site(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A site of this machine that the portal may ask."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Site)
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    _Site.pages, _Site.asked = {"/acta.pdf": (200, b"acta")}, []
    monkeypatch.setitem(tk.config, OPTION + "check_networks", "127.0.0.0/8 ::1/128")
    monkeypatch.setitem(tk.config, OPTION + "check_timeout", 3)
    yield f"http://localhost:{server.server_port}"
    server.shutdown()
    server.server_close()


def give(town: Town, plan: PlanRow, **fields: Any) -> dict[str, Any]:
    made: dict[str, Any] = town.call(
        "focal_point", "ogp_plan_evidence_create", plan=plan.name, item="1.1.1", **fields
    )
    return made


def refused(town: Town, plan: PlanRow, **fields: Any) -> dict[str, Any]:
    with pytest.raises(tk.ValidationError) as error:
        give(town, plan, **fields)
    model.Session.rollback()
    assert rows(plan, "evidence") == []
    found: dict[str, Any] = error.value.error_dict
    return found


def rows(plan: PlanRow, kind: str) -> list[Event]:
    model.Session.rollback()
    wanted = sa.select(Event).where(Event.plan_id == plan.id, Event.kind == kind).order_by(Event.seq)
    return list(model.Session.scalars(wanted))


def complete(town: Town, plan: PlanRow, **evidence: Any) -> dict[str, Any]:
    made: dict[str, Any] = town.call(
        "focal_point", "ogp_plan_update_create", plan=plan.name, item="1.1.1", state="completado",
        reason="Sin meta.", evidence=[evidence],
    )  # fmt: skip
    assert made["light"] == "completado"
    return made


class TestLinks:
    def test_hash_and_day_are_kept(self, town: Town, plan: PlanRow, site: str) -> None:
        made = give(town, plan, url=f"{site}/acta.pdf", kind="acta", title="Acta de la reunión")
        assert made["sha256"] == hashlib.sha256(b"acta").hexdigest()
        assert (made["size"], made["kind"], made["public"]) == (4, "acta", True)
        assert made["captured"]

    def test_a_page_that_is_other_bytes_each_time_has_no_hash(
        self, town: Town, plan: PlanRow, site: str
    ) -> None:
        _Site.pages["/hoy"] = (200, lambda: str(len(_Site.asked)).encode())
        made = give(town, plan, url=f"{site}/hoy")
        assert made["sha256"] is None
        assert made["captured"]

    def test_one_that_does_not_open_is_none(self, town: Town, plan: PlanRow, site: str) -> None:
        assert "404" in refused(town, plan, url=f"{site}/nada.pdf")["url"][0]
        _Site.pages["/clave"] = (401, b"")
        assert set(refused(town, plan, url=f"{site}/clave")) == {"url"}

    def test_one_of_a_private_network_is_none(
        self, town: Town, plan: PlanRow, site: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setitem(tk.config, OPTION + "check_networks", "")
        for url in (
            f"{site}/acta.pdf",
            "http://169.254.169.254/latest/meta-data/",
            "http://[::ffff:10.0.0.1]/x",
        ):
            assert set(refused(town, plan, url=url)) == {"url"}
        assert _Site.asked == []

    def test_a_site_that_is_down_is_asked_later(
        self, town: Town, plan: PlanRow, site: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        queued: list[str] = []
        monkeypatch.setattr(queue_service, "enqueue_check", queued.append)
        _Site.pages["/acta.pdf"] = (503, b"")
        made = give(town, plan, url=f"{site}/acta.pdf")
        assert (made["sha256"], made["captured"]) == (None, None)
        assert queued == [made["id"]]
        _Site.pages["/acta.pdf"] = (200, b"acta")
        jobs.check_evidence(made["id"])
        _, kept = rows(plan, "evidence")
        assert kept.supersedes == made["id"]
        assert kept.body["sha256"] == hashlib.sha256(b"acta").hexdigest()
        # who gave it withdraws it by the id they know
        gone = town.call("focal_point", "ogp_plan_evidence_retract", id=made["id"], reason="No era")
        assert gone["supersedes"] == kept.id

    def test_a_real_worker_asks_later(self, town: Town, plan: PlanRow, site: str) -> None:
        _Site.pages["/acta.pdf"] = (503, b"")
        give(town, plan, url=f"{site}/acta.pdf")
        _Site.pages["/acta.pdf"] = (200, b"acta")
        model.Session.remove()
        queue = core_jobs.get_queue(config.queue())
        assert queue.job_ids
        rq.SimpleWorker([queue], connection=queue.connection).work(burst=True)
        assert rows(plan, "evidence")[-1].body["sha256"] == hashlib.sha256(b"acta").hexdigest()

    def test_only_hosts_that_are_configured_are_asked(
        self, town: Town, plan: PlanRow, site: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setitem(tk.config, OPTION + "check_hosts", "www.cali.gov.co")
        made = give(town, plan, url=f"{site}/acta.pdf")
        assert made["captured"] is None
        assert _Site.asked == []

    def test_the_same_twice_is_one(self, town: Town, plan: PlanRow, site: str) -> None:
        give(town, plan, url=f"{site}/acta.pdf")
        with pytest.raises(tk.ValidationError) as error:
            give(town, plan, url=f"{site}/acta.pdf")
        assert set(error.value.error_dict) == {"url"}

    def test_what_cannot_be(self, town: Town, plan: PlanRow) -> None:
        for given, field in (
            ({}, "url"),
            ({"url": "https://a.co", "resource": "x"}, "resource"),
            ({"url": "javascript:alert(1)"}, "url"),
            ({"url": "https://user:pw@a.co/"}, "url"),
            ({"url": ["https://a.co"]}, "url"),
            ({"url": "https://a.co", "public": False}, "withheld"),
            ({"url": "https://a.co", "withheld": "porque sí"}, "public"),
            ({"url": "https://a.co", "kind": "rumor"}, "kind"),
            ({"url": "https://a.co", "sha256": "zz"}, "sha256"),
            ({"url": "https://a.co", "sha256": "a" * 64, "captured": "ayer"}, "captured"),
            ({"resource": "no-hay"}, "resource"),
            ({"dataset": "no-hay"}, "dataset"),
            ({"upload": "texto"}, "upload"),
            ({"confirms": True, "url": "https://a.co"}, "confirms"),
        ):
            assert field in refused(town, plan, **given), given


class TestClaims:
    """What a person says of the bytes is kept beside what the portal reads, and replaces no look."""

    HASH = hashlib.sha256(b"acta").hexdigest()

    def test_a_claim_is_kept_beside_what_was_found(self, town: Town, plan: PlanRow, site: str) -> None:
        made = give(
            town, plan, url=f"{site}/acta.pdf", sha256=self.HASH.upper(), captured="2026-03-31T10:00:00-05:00"
        )
        assert (made["sha256"], made["claimed_sha256"], made["claim_differs"]) == (
            self.HASH,
            self.HASH,
            False,
        )
        assert made["claimed_at"] == "2026-03-31T15:00:00+00:00"
        assert made["captured"] > made["claimed_at"]
        assert _Site.asked == ["/acta.pdf", "/acta.pdf"]

    def test_one_that_differs_is_shown(self, town: Town, plan: PlanRow, site: str) -> None:
        made = give(town, plan, url=f"{site}/acta.pdf", sha256="a" * 64)
        assert (made["sha256"], made["claimed_sha256"], made["claim_differs"]) == (self.HASH, "a" * 64, True)
        name = plan.name
        page = town.get("citizen", f"/planes/{name}/1.1.1").get_data(as_text=True)
        assert self.HASH in page
        assert "a" * 64 in page
        assert "declara una huella distinta" in town.get("citizen", f"/es/planes/{name}/1.1.1").get_data(
            as_text=True
        )
        exported = town.get("citizen", f"/planes/{name}/archivo/plan.json").get_data(as_text=True)
        assert "a" * 64 in exported

    def test_a_claim_does_not_break_nor_prove(self, town: Town, plan: PlanRow, site: str) -> None:
        give(town, plan, url=f"{site}/acta.pdf", sha256="a" * 64)
        model.Session.rollback()
        found = evidence_check.check_plan(model.Session.get(PlanRow, plan.id), everything=True)
        assert (found.valid, found.changed) == (1, 0)
        _Site.pages["/acta.pdf"] = (200, b"otra")
        model.Session.rollback()
        found = evidence_check.check_plan(model.Session.get(PlanRow, plan.id), everything=True)
        assert found.changed == 1

    def test_of_a_site_that_is_down_it_stays_when_the_worker_looks(
        self, town: Town, plan: PlanRow, site: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(queue_service, "enqueue_check", lambda _id: None)
        _Site.pages["/acta.pdf"] = (503, b"")
        made = give(town, plan, url=f"{site}/acta.pdf", sha256="a" * 64)
        assert (made["sha256"], made["captured"], made["claimed_sha256"]) == (None, None, "a" * 64)
        _Site.pages["/acta.pdf"] = (200, b"acta")
        jobs.check_evidence(made["id"])
        kept = rows(plan, "evidence")[-1].body
        assert (kept["sha256"], kept["claimed_sha256"]) == (self.HASH, "a" * 64)

    def test_of_a_file(self, town: Town, plan: PlanRow) -> None:
        made = give(town, plan, upload=storage(b"acta", "acta.pdf"), sha256="a" * 64)
        assert (made["sha256"], made["claimed_sha256"]) == (self.HASH, "a" * 64)

    @pytest.mark.parametrize("options", [{}, {"check_links": "false"}, {"check_hosts": "www.cali.gov.co"}])
    @pytest.mark.parametrize(
        "url",
        [
            "http://127.0.0.1/x",
            "http://127.1/x",
            "http://2130706433/x",
            "http://169.254.169.254/latest/meta-data/",
            "http://192.168.1.1/",
            "http://[::1]/",
            "http://[::ffff:10.0.0.1]/",
            "http://[fec0::1]/",
            "http://192.88.99.1/",
            "http://localhost/x",
            "http://impresora.local/",
        ],
    )
    def test_private_networks_whatever_is_claimed(
        self, town: Town, plan: PlanRow, monkeypatch: pytest.MonkeyPatch, url: str, options: dict[str, str]
    ) -> None:
        for name, value in options.items():
            monkeypatch.setitem(tk.config, OPTION + name, value)
        for public in ({}, {"public": False, "withheld": "Reserva"}):
            assert set(refused(town, plan, url=url, sha256="a" * 64, **public)) == {"url"}
        rejected = town.ask(
            "focal_point", "ogp_plan_report_rows", organization=town.obras, dry_run=True, plan=plan.name,
            rows=[{"plan": plan.name, "item": "1.1.1", "text": "Va", "evidence_url": url}],
        )  # fmt: skip
        assert "evidence_url" in rejected.get_data(as_text=True), rejected.get_data(as_text=True)

    def test_a_resource_that_leads_to_one(self, town: Town, plan: PlanRow) -> None:
        dataset = factories.Dataset(owner_org=town.obras)
        resource = factories.Resource(package_id=dataset["id"], url="http://169.254.169.254/x", url_type="")
        assert set(refused(town, plan, resource=resource["id"])) == {"resource"}

    def test_a_link_that_leads_to_one_later_is_broken(
        self, town: Town, plan: PlanRow, site: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        give(town, plan, url=f"{site}/acta.pdf")
        monkeypatch.setitem(tk.config, OPTION + "check_networks", "")
        model.Session.rollback()
        found = evidence_check.check_plan(model.Session.get(PlanRow, plan.id), everything=True)
        assert (found.broken, found.valid) == (1, 0)
        assert rows(plan, "check")[-1].body["detail"] == "private_network"

    def test_a_link_to_the_portal_itself_is_left_alone(self, town: Town, plan: PlanRow) -> None:
        made = give(town, plan, url=tk.config["ckan.site_url"] + "/infraestructura")
        assert made["sha256"] is None

    @pytest.mark.parametrize("moment", ["2199-01-01T00:00:00Z", "2030-01-01T00:00:00-05:00"])
    def test_a_moment_to_come(self, town: Town, plan: PlanRow, site: str, moment: str) -> None:
        for more in ({}, {"sha256": "a" * 64}):
            assert set(refused(town, plan, url=f"{site}/acta.pdf", captured=moment, **more)) == {"captured"}
        assert _Site.asked == []


class TestCatalogue:
    def dataset(self, town: Town, private: bool = False) -> dict[str, Any]:
        made: dict[str, Any] = factories.Dataset(owner_org=town.obras, private=private)
        return made

    def test_a_resource(self, town: Town, plan: PlanRow) -> None:
        dataset = self.dataset(town)
        resource = factories.Resource(
            package_id=dataset["id"], upload=storage(b"datos", "datos.csv"), name="Datos"
        )
        made = give(town, plan, resource=resource["id"])
        assert made["sha256"] == hashlib.sha256(b"datos").hexdigest()
        assert (made["kind"], made["title"], made["dataset"]) == ("resource", "Datos", dataset["id"])

    def test_a_dataset(self, town: Town, plan: PlanRow) -> None:
        made = give(town, plan, dataset=self.dataset(town)["name"])
        assert (made["kind"], made["sha256"]) == ("dataset", None)

    def test_private_needs_a_reason_and_a_private_place(self, town: Town, plan: PlanRow) -> None:
        hidden, seen = self.dataset(town, private=True), self.dataset(town)
        assert set(refused(town, plan, dataset=hidden["id"])) == {"dataset"}
        assert set(refused(town, plan, dataset=seen["id"], public=False, withheld="Datos personales")) == {
            "dataset"
        }
        made = give(town, plan, dataset=hidden["id"], public=False, withheld="Datos personales")
        assert made["public"] is False
        with pytest.raises(tk.NotAuthorized):
            town.call("citizen", "ogp_plan_evidence_private", id=made["id"])
        assert town.call("monitor", "ogp_plan_evidence_private", id=made["id"])["dataset"] == hidden["id"]

    def test_of_what_one_may_not_see_nothing_is_revealed(self, town: Town, plan: PlanRow) -> None:
        foreign = factories.Dataset(owner_org=town.otra, private=True)
        there = refused(town, plan, dataset=foreign["id"])
        assert refused(town, plan, dataset="no-hay-tal") == there


class TestUploads:
    def test_into_the_organismo_s_own_dataset(self, town: Town, plan: PlanRow) -> None:
        made = give(
            town, plan, upload=storage(b"%PDF-1.4 acta", "acta.pdf"), title="Acta firmada", kind="enlace"
        )
        assert made["kind"] == "documento"
        assert made["sha256"] == hashlib.sha256(b"%PDF-1.4 acta").hexdigest()
        dataset = tk.get_action("package_show")({"ignore_auth": True}, {"id": made["dataset"]})
        assert dataset["name"] == evidence_dataset.name_of(plan.name, town.obras)
        assert (dataset["organization"]["name"], dataset["private"]) == (town.obras, False)
        again = give(town, plan, upload=storage(b"otra", "otra.pdf"))
        assert again["dataset"] == made["dataset"]
        assert again["title"] == "otra.pdf"

    def test_private_ones_are_in_no_catalogue(self, town: Town, plan: PlanRow) -> None:
        before = self.files()
        made = give(town, plan, upload=storage(b"x", "x.pdf"), public=False, withheld="Datos personales")
        assert (made["resource"], made["dataset"], made["url"]) == (None, None, "")
        assert (made["sha256"], made["size"]) == (hashlib.sha256(b"x").hexdigest(), 1)
        assert self.files() == before
        (stored,) = rows(plan, "evidence")
        assert evidence_file.folder().path(stored.body["file"]).read_bytes() == b"x"

    def test_over_http(self, town: Town, plan: PlanRow) -> None:
        answer = town.app.post(
            "/api/action/ogp_plan_evidence_create",
            headers={"Authorization": town.tokens["focal_point"]},
            data={
                "plan": plan.name,
                "item": "1.1.1",
                "public": "true",
                "upload": (io.BytesIO(b"foto"), "foto.jpg"),
            },
        )
        assert answer.status_code == 200, answer.get_data(as_text=True)[:2000]
        assert answer.get_json()["result"]["sha256"] == hashlib.sha256(b"foto").hexdigest()

    def test_with_the_user_s_own_rights(self, town: Town, plan: PlanRow) -> None:
        """Who only speaks for an organismo, and edits none of its datasets, cannot put files there."""
        with pytest.raises(tk.ValidationError) as error:
            town.call(
                "named_focal_point", "ogp_plan_evidence_create", plan=plan.name, item="1.1.1",
                upload=storage(b"x", "x.pdf"),
            )  # fmt: skip
        assert set(error.value.error_dict) == {"upload"}
        assert rows(plan, "evidence") == []

    def test_nothing_is_stored_for_what_is_refused(self, town: Town, plan: PlanRow) -> None:
        before = self.files()
        with pytest.raises(tk.ValidationError):
            town.call(
                "focal_point", "ogp_plan_update_create", plan=plan.name, item="1.1.1", state="completado",
                evidence=[{"upload": storage(b"x", "x.pdf")}],
            )  # fmt: skip
        assert self.files() == before

    def test_nothing_stays_when_the_writing_fails(
        self, town: Town, plan: PlanRow, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        from ckanext.ogp_plan.services import item_status

        before = self.files()

        def fail(*_args: Any, **_more: Any) -> None:
            raise RuntimeError("the disk is full")

        monkeypatch.setattr(item_status, "recompute_many", fail)
        with pytest.raises(RuntimeError):
            give(town, plan, upload=storage(b"x", "x.pdf"))
        assert self.files() == before
        assert rows(plan, "evidence") == []

    def test_an_update_with_a_file(self, town: Town, plan: PlanRow) -> None:
        made = complete(town, plan, upload=storage(b"acta", "acta.pdf"))
        assert made["light"] == "completado"

    def test_names_of_datasets_fit(self) -> None:
        long = evidence_dataset.name_of("p" * 90, "o" * 90)
        assert len(long) == 100
        assert long != evidence_dataset.name_of("p" * 90, "o" * 91)

    def files(self) -> int:
        model.Session.rollback()
        wanted = (
            sa.select(sa.func.count()).select_from(model.Resource).where(model.Resource.state == "active")
        )
        return int(model.Session.execute(wanted).scalar())


class TestChecks:
    def look(self, plan: PlanRow, **options: Any) -> evidence_check.CheckSummary:
        model.Session.rollback()
        return evidence_check.check_plan(model.Session.get(PlanRow, plan.id), **options)

    def test_once_a_week(self, town: Town, plan: PlanRow, site: str) -> None:
        give(town, plan, url=f"{site}/acta.pdf")
        assert (self.look(plan).valid, self.look(plan).checked) == (1, 0)
        assert self.look(plan, everything=True).checked == 1
        assert len(rows(plan, "check")) == 2

    @pytest.mark.parametrize(
        ("page", "found"), [((404, b""), "broken"), ((410, b""), "broken"), ((200, b"another"), "changed")]
    )
    def test_the_only_one_broken_opens_the_item_again(
        self, town: Town, plan: PlanRow, site: str, page: tuple[int, bytes], found: str
    ) -> None:
        complete(town, plan, url=f"{site}/acta.pdf")
        _Site.pages["/acta.pdf"] = page
        assert getattr(self.look(plan), found) == 1
        item = town.item(plan, "1.1.1")
        assert item.light == "en_riesgo"
        reason = next(one for one in item.status["reasons"] if one["code"] == "R5")
        assert reason["params"]["how"] == "broken"
        _Site.pages["/acta.pdf"] = (200, b"acta")
        self.look(plan, everything=True)
        assert town.item(plan, "1.1.1").light == "completado"

    def test_one_of_two_broken_does_not(self, town: Town, plan: PlanRow, site: str) -> None:
        _Site.pages["/otra.pdf"] = (200, b"otra")
        complete(town, plan, url=f"{site}/acta.pdf")
        give(town, plan, url=f"{site}/otra.pdf")
        _Site.pages["/acta.pdf"] = (404, b"")
        assert self.look(plan).broken == 1
        assert town.item(plan, "1.1.1").light == "completado"

    def test_one_failure_of_the_network_breaks_nothing_and_two_do(
        self, town: Town, plan: PlanRow, site: str
    ) -> None:
        complete(town, plan, url=f"{site}/acta.pdf")
        _Site.pages["/acta.pdf"] = (503, b"")
        assert self.look(plan).unknown == 1
        assert town.item(plan, "1.1.1").light == "completado"
        assert self.look(plan).checked == 0
        last = rows(plan, "check")[-1]
        evidence = rows(plan, "evidence")[-1]
        # the day after, it is asked again
        assert evidence_check._is_due(
            Any_(evidence.id), evidence_check.EvidenceCheck(id="", at=last.at, evidence=evidence.id, detail="unreached"),
            last.at + dt.timedelta(days=1),
        )  # fmt: skip
        assert self.look(plan, everything=True).broken == 1
        assert town.item(plan, "1.1.1").light == "en_riesgo"

    def test_a_resource_deleted_hidden_or_replaced(self, town: Town, plan: PlanRow) -> None:
        dataset = factories.Dataset(owner_org=town.obras)
        resource = factories.Resource(package_id=dataset["id"], upload=storage(b"datos", "datos.csv"))
        complete(town, plan, resource=resource["id"])
        assert self.look(plan).valid == 1
        admin = {"user": town.names["sysadmin"]}
        tk.get_action("package_patch")(dict(admin), {"id": dataset["id"], "private": True})
        assert self.look(plan, everything=True).hidden == 1
        assert town.item(plan, "1.1.1").light == "en_riesgo"
        tk.get_action("package_patch")(dict(admin), {"id": dataset["id"], "private": False})
        assert self.look(plan, everything=True).valid == 1
        tk.get_action("resource_patch")(
            dict(admin), {"id": resource["id"], "upload": storage(b"otros", "datos.csv")}
        )
        assert self.look(plan, everything=True).changed == 1
        tk.get_action("resource_delete")(dict(admin), {"id": resource["id"]})
        assert self.look(plan, everything=True).broken == 1
        assert town.item(plan, "1.1.1").light == "en_riesgo"

    def test_a_file_that_the_storage_lost(
        self, town: Town, plan: PlanRow, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        from ckanext.cost_common import storage as storage_module

        made = complete(town, plan, upload=storage(b"acta", "acta.pdf"))

        def lost(*_args: Any) -> Any:
            raise FileNotFoundError

        monkeypatch.setattr(storage_module, "read_chunks", lost)
        assert self.look(plan).broken == 1
        assert rows(plan, "check")[0].body["detail"] == "missing_file"
        assert made

    def test_what_is_private_need_not_be_public(self, town: Town, plan: PlanRow) -> None:
        hidden = factories.Dataset(owner_org=town.obras, private=True)
        complete(town, plan, dataset=hidden["id"], public=False, withheld="Datos personales")
        done = self.look(plan)
        assert (done.valid, done.hidden) == (1, 0)
        assert town.item(plan, "1.1.1").light == "completado"

    def test_a_large_file_is_only_there(
        self, town: Town, plan: PlanRow, site: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setitem(tk.config, OPTION + "max_evidence_bytes", 1024)
        _Site.pages["/acta.pdf"] = (200, b"x" * 5000)
        made = give(town, plan, url=f"{site}/acta.pdf")
        assert (made["sha256"], self.look(plan).valid) == (None, 1)

    def test_a_run_cut_short_goes_on(
        self, town: Town, plan: PlanRow, site: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        for n in range(5):
            _Site.pages[f"/{n}"] = (200, str(n).encode())
            give(town, plan, url=f"{site}/{n}")
        monkeypatch.setattr(evidence_check, "BATCH", 2)
        real, asked = evidence_check.inspect_evidence, []

        def dying(evidence: Any) -> Any:
            asked.append(evidence.url)
            if len(asked) == 4:
                raise KeyboardInterrupt
            return real(evidence)

        monkeypatch.setattr(evidence_check, "inspect_evidence", dying)
        with pytest.raises(KeyboardInterrupt):
            self.look(plan)
        assert len(rows(plan, "check")) == 2
        monkeypatch.setattr(evidence_check, "inspect_evidence", real)
        assert self.look(plan).checked == 3
        assert self.look(plan).checked == 0

    def test_withdrawn_evidence_is_not_looked_at(self, town: Town, plan: PlanRow, site: str) -> None:
        made = give(town, plan, url=f"{site}/acta.pdf")
        town.call("focal_point", "ogp_plan_evidence_retract", id=made["id"], reason="No era")
        assert self.look(plan, everything=True).checked == 0

    def test_of_all_plans(self, town: Town, plan: PlanRow, site: str) -> None:
        give(town, plan, url=f"{site}/acta.pdf")
        assert evidence_check.check_all()[plan.name].checked == 1


def Any_(evidence_id: str) -> Any:  # noqa: N802
    """Evidence of which only the id matters."""
    from ckanext.ogp_plan.planning.tracking import Evidence

    return Evidence(id=evidence_id, at=dt.datetime.now(dt.timezone.utc), item=("fila", "1.1.1"))
