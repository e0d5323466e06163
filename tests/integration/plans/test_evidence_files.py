"""Files of evidence: who may read those that are not public, what is stored when something fails, headers."""

from __future__ import annotations

import hashlib
import io
import shutil
import stat
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import ckan.plugins.toolkit as tk
import pytest
import sqlalchemy as sa
from ckan import model
from ckan.tests import factories
from click.testing import CliRunner
from support.application import portal
from support.plan_portal import CAST, Town
from support.publisher import storage
from support.stored_state import files_on_disk

from ckanext.cost_common import private_files
from ckanext.ogp_plan import cli
from ckanext.ogp_plan.model import Event, PlanRow
from ckanext.ogp_plan.services import evidence_check, evidence_dataset, evidence_file, item_status

OPTION = "ckanext.ogp_plan."
SECRET = b"nombre,cedula\nAna,1\n"
WITHHELD = {"public": False, "withheld": "Datos personales (Ley 1581)"}


@pytest.fixture(scope="module")
def town() -> Iterator[Town]:
    with portal() as app:
        shutil.rmtree(evidence_file.folder().root, ignore_errors=True)
        yield Town.build(app)


@pytest.fixture
def plan(town: Town) -> PlanRow:
    return town.plan("paac")


def give(town: Town, plan: PlanRow, who: str = "focal_point", **fields: Any) -> dict[str, Any]:
    made: dict[str, Any] = town.call(who, "ogp_plan_evidence_create", plan=plan.name, item="1.1.1", **fields)
    return made


def give_secret(town: Town, plan: PlanRow, who: str = "focal_point", **fields: Any) -> dict[str, Any]:
    return give(town, plan, who, upload=storage(SECRET, "lista de asistencia ñ.csv"), **WITHHELD, **fields)


def facts(plan: PlanRow) -> list[Event]:
    model.Session.rollback()
    (plan_id,) = sa.inspect(plan).identity
    return list(
        model.Session.scalars(sa.select(Event).where(Event.plan_id == plan_id, Event.kind == "evidence"))
    )


def private_files_on_disk() -> set[Path]:
    return {path for path in evidence_file.folder().root.rglob("*") if path.is_file()}


def active_resources() -> set[str]:
    model.Session.rollback()
    return set(model.Session.scalars(sa.select(model.Resource.id).where(model.Resource.state == "active")))


def datasets() -> set[str]:
    model.Session.rollback()
    return set(model.Session.scalars(sa.select(model.Package.name).where(model.Package.state == "active")))


@pytest.fixture
def nothing_stays() -> Iterator[None]:
    """Whatever the test does, the storages, the resources and the datasets are the same after it."""
    before = (private_files_on_disk(), files_on_disk(), active_resources(), datasets())
    yield
    assert (private_files_on_disk(), files_on_disk(), active_resources(), datasets()) == before


class TestPrivateFile:
    #: who reads what the focal point of ``obras`` gave for ``obras``
    READERS = frozenset(
        {"focal_point", "named_focal_point", "delegate", "coordinator", "control", "monitor", "sysadmin"}
    )

    @pytest.mark.parametrize("who", CAST)
    def test_who_may_read_it(self, town: Town, plan: PlanRow, who: str) -> None:
        made = give_secret(town, plan, organization=town.obras)
        response = town.get(who, made["file_url"], follow_redirects=False)
        if who in self.READERS:
            assert (response.status_code, response.get_data()) == (200, SECRET)
            return
        assert response.status_code == (302 if who == "anonymous" else 403)
        assert SECRET not in response.get_data()

    @pytest.mark.parametrize("who", CAST)
    def test_who_may_read_that_of_another_organismo(self, town: Town, plan: PlanRow, who: str) -> None:
        """``datic`` owes 1.1.2; nobody of the cast reports for it but the coordinator, for the item as a whole."""
        stored = evidence_file.store([SECRET])
        from ckanext.ogp_plan.planning import tracking

        fact = town.add_fact(
            plan,
            tracking.Evidence(
                id="", at=dt_now(), item=("fila", "1.1.2"), organization=town.datic, by=town.ids["sysadmin"],
                file=stored.id, file_name="x.csv", sha256=stored.sha256, size=stored.size, **WITHHELD,
            ),
        )  # fmt: skip
        response = town.get(who, f"/planes/{plan.name}/evidencia/{fact.id}", follow_redirects=False)
        readers = {"coordinator", "control", "monitor", "sysadmin"}
        assert (response.status_code == 200) is (who in readers)

    @pytest.mark.parametrize("who", CAST)
    def test_who_may_read_public_evidence(self, town: Town, plan: PlanRow, who: str) -> None:
        made = give(town, plan, upload=storage(b"%PDF-1.4 acta", "acta.pdf"))
        url = f"/dataset/{made['dataset']}/resource/{made['resource']}/download/acta.pdf"
        assert town.get(who, url).status_code == 200
        # it has no file of ours
        assert town.get("sysadmin", f"/planes/{plan.name}/evidencia/{made['id']}").status_code == 404

    def test_of_a_plan_that_is_no_reader_s(self, town: Town, plan: PlanRow) -> None:
        """The roles of one plan open nothing in another."""
        other, name = town.plan("paac", roles=False), plan.name
        other_name = other.name
        made = give_secret(town, other)
        for who in ("coordinator", "control", "monitor", "named_focal_point"):
            assert town.get(who, made["file_url"]).status_code == 403, who
        assert town.get("focal_point", made["file_url"]).status_code == 200
        # the plan in the address is the evidence's own
        address = made["file_url"].replace(other_name, name)
        assert town.get("sysadmin", address).status_code == 404

    def test_headers(self, town: Town, plan: PlanRow) -> None:
        made = give_secret(town, plan)
        headers = town.get("control", made["file_url"]).headers
        assert headers["Cache-Control"] == "private, no-store"
        assert headers["Content-Disposition"].startswith("attachment; filename=")
        assert "filename*=UTF-8''lista%20de%20asistencia%20%C3%B1.csv" in headers["Content-Disposition"]
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert "sandbox" in headers["Content-Security-Policy"]
        assert headers["Content-Length"] == str(len(SECRET))
        assert "ETag" not in headers

    def test_a_page_is_saved_and_never_shown(self, town: Town, plan: PlanRow) -> None:
        made = give(town, plan, upload=storage(b"<html><script>alert(1)</script>", "a.html"), **WITHHELD)
        headers = town.get("control", made["file_url"]).headers
        assert headers["Content-Disposition"].startswith("attachment")
        assert "sandbox" in headers["Content-Security-Policy"]

    def test_the_item_s_page_leads_to_it_for_readers_only(self, town: Town, plan: PlanRow) -> None:
        made = give_secret(town, plan)
        page = f"/planes/{plan.name}/1.1.1"
        assert made["file_url"] in town.get("control", page).get_data(as_text=True)
        for who in ("anonymous", "citizen", "other_editor"):
            shown = town.get(who, page).get_data(as_text=True)
            for hidden in (made["file_url"], made["sha256"], "lista de asistencia"):
                assert hidden not in shown, (who, hidden)

    def test_exports_and_cuts_say_nothing_of_it(self, town: Town, plan: PlanRow) -> None:
        made = give_secret(town, plan)
        file_id = facts(plan)[-1].body["file"]
        for name in ("plan.json", "evidencias.csv", "elementos.csv"):
            text = town.get("anonymous", f"/planes/{plan.name}/archivo/{name}").get_data(as_text=True)
            for hidden in (file_id, made["sha256"], "lista de asistencia", "/evidencia/"):
                assert hidden not in text, (name, hidden)

    def test_only_the_portal_s_account_reads_the_folder(self, town: Town, plan: PlanRow) -> None:
        give_secret(town, plan)
        path = evidence_file.folder().path(facts(plan)[-1].body["file"])
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700

    def test_the_web_server_gives_none_of_it(self, town: Town, plan: PlanRow) -> None:
        give_secret(town, plan)
        path = evidence_file.folder().path(facts(plan)[-1].body["file"])
        root = Path(tk.config["ckan.storage_path"])
        for address in (
            f"/{path.relative_to(root)}",
            f"/{path.name}",
            f"/uploads/../../{path.relative_to(root)}",
        ):
            assert town.app.get(address).status_code == 404

    def test_needs_no_rights_in_the_catalogue(self, town: Town, plan: PlanRow) -> None:
        """Who only speaks for an organismo edits none of its datasets."""
        made = give_secret(town, plan, "named_focal_point", organization=town.obras)
        assert town.get("named_focal_point", made["file_url"]).get_data() == SECRET

    def test_whatever_editors_do_to_their_datasets(self, town: Town, plan: PlanRow) -> None:
        """The dataset that took private uploads before is nobody's business now."""
        before = files_on_disk()
        factories.Dataset(
            owner_org=town.obras, name=f"evidencias-{plan.name}-{town.obras}-reservadas", private=False
        )
        made = give_secret(town, plan)
        assert (made["resource"], made["dataset"]) == (None, None)
        assert files_on_disk() == before

    def test_is_looked_at_every_week(self, town: Town, plan: PlanRow) -> None:
        give_secret(town, plan)
        path = evidence_file.folder().path(facts(plan)[-1].body["file"])

        def look() -> evidence_check.CheckSummary:
            model.Session.rollback()
            return evidence_check.check_plan(model.Session.get(PlanRow, plan.id), everything=True)

        assert (look().valid, look().hidden) == (1, 0)
        path.write_bytes(b"otra cosa")
        assert look().changed == 1
        path.unlink()
        assert look().broken == 1
        assert town.get("control", f"/planes/{plan.name}/evidencia/{facts(plan)[-1].id}").status_code == 404

    def test_a_dataset_for_it_is_refused(self, town: Town, plan: PlanRow, nothing_stays: None) -> None:
        with pytest.raises(tk.ValidationError) as error:
            give_secret(town, plan, dataset="cualquiera")
        assert set(error.value.error_dict) == {"dataset"}

    def test_too_large(
        self, town: Town, plan: PlanRow, monkeypatch: pytest.MonkeyPatch, nothing_stays: None
    ) -> None:
        monkeypatch.setattr(evidence_file, "max_bytes", lambda: 10)
        with pytest.raises(tk.ValidationError) as error:
            give_secret(town, plan)
        assert set(error.value.error_dict) == {"upload"}

    def test_without_a_folder(self, town: Town, plan: PlanRow, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("ckanext.ogp_plan.config.private_files_path", lambda: None)
        with pytest.raises(tk.ValidationError) as error:
            give_secret(town, plan)
        assert set(error.value.error_dict) == {"upload"}

    def test_a_private_resource_is_copied(self, town: Town, plan: PlanRow) -> None:
        dataset = factories.Dataset(owner_org=town.obras, private=True)
        resource = factories.Resource(
            package_id=dataset["id"], upload=storage(SECRET, "lista.csv"), name="Lista"
        )
        made = give(town, plan, resource=resource["id"], **WITHHELD)
        assert (made["resource"], made["dataset"], made["title"]) == (None, None, "Lista")
        assert made["sha256"] == hashlib.sha256(SECRET).hexdigest()
        # who must judge it reads it, although nobody of the organismo let them into its datasets
        for who in ("control", "monitor"):
            assert town.get(who, made["file_url"]).get_data() == SECRET
        # and it proves what it proved, whatever becomes of the resource
        tk.get_action("dataset_purge")({"ignore_auth": True, "user": ""}, {"id": dataset["id"]})
        model.Session.rollback()
        found = evidence_check.check_plan(model.Session.get(PlanRow, plan.id), everything=True)
        assert (found.valid, found.broken) == (1, 0)

    def test_a_public_resource_cannot_be_withheld(self, town: Town, plan: PlanRow) -> None:
        dataset = factories.Dataset(owner_org=town.obras)
        resource = factories.Resource(package_id=dataset["id"], upload=storage(SECRET, "lista.csv"))
        before = private_files_on_disk()
        with pytest.raises(tk.ValidationError) as error:
            give(town, plan, resource=resource["id"], **WITHHELD)
        assert set(error.value.error_dict) == {"resource"}
        assert private_files_on_disk() == before

    def test_a_private_dataset_made_public_is_reported(self, town: Town, plan: PlanRow) -> None:
        dataset = factories.Dataset(owner_org=town.obras, private=True)
        give(town, plan, dataset=dataset["id"], **WITHHELD)
        admin = {"user": town.names["sysadmin"]}
        tk.get_action("package_patch")(dict(admin), {"id": dataset["id"], "private": False})
        model.Session.rollback()
        found = evidence_check.check_plan(model.Session.get(PlanRow, plan.id), everything=True)
        assert (found.exposed, found.valid) == (1, 1)

    def test_in_an_update(self, town: Town, plan: PlanRow) -> None:
        town.call(
            "focal_point", "ogp_plan_update_create", plan=plan.name, item="1.1.1", text="Se hizo.",
            evidence=[{"upload": storage(SECRET, "lista.csv"), **WITHHELD}],
        )  # fmt: skip
        (fact,) = facts(plan)
        assert evidence_file.folder().path(fact.body["file"]).read_bytes() == SECRET


class TestNothingStays:
    """Whatever fails, in whatever step, and whatever is raised."""

    @pytest.mark.parametrize("secret", [True, False])
    @pytest.mark.parametrize("error", [RuntimeError, KeyboardInterrupt, SystemExit])
    def test_when_writing_fails(
        self,
        town: Town,
        plan: PlanRow,
        monkeypatch: pytest.MonkeyPatch,
        nothing_stays: None,
        secret: bool,
        error: type[BaseException],
    ) -> None:
        def fail(*_args: Any, **_more: Any) -> None:
            raise error("no")

        monkeypatch.setattr(item_status, "recompute_many", fail)
        with pytest.raises(error):
            give(town, plan, upload=storage(SECRET, "a.csv"), **(WITHHELD if secret else {}))
        assert facts(plan) == []

    @pytest.mark.parametrize("error", [OSError, KeyboardInterrupt])
    def test_when_the_disk_is_full(
        self,
        town: Town,
        plan: PlanRow,
        monkeypatch: pytest.MonkeyPatch,
        nothing_stays: None,
        error: type[BaseException],
    ) -> None:
        def fail(_handle: int) -> None:
            raise error(28, "No space left on device")

        monkeypatch.setattr(private_files.os, "fsync", fail)
        with pytest.raises(tk.ValidationError if error is OSError else error) as raised:
            give_secret(town, plan)
        if error is OSError:
            assert set(raised.value.error_dict) == {"upload"}

    def test_when_solr_is_down(
        self, town: Town, plan: PlanRow, monkeypatch: pytest.MonkeyPatch, nothing_stays: None
    ) -> None:
        """A public upload, the first of its dataset."""
        self.without_solr(monkeypatch)
        with pytest.raises(tk.ValidationError) as error:
            give(town, plan, upload=storage(b"acta", "acta.pdf"))
        assert set(error.value.error_dict) == {"upload"}
        assert facts(plan) == []

    def test_when_solr_goes_down_after_the_first(
        self, town: Town, plan: PlanRow, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        give(town, plan, upload=storage(b"acta", "acta.pdf"))
        before = (files_on_disk(), active_resources(), len(facts(plan)))
        self.without_solr(monkeypatch)
        with pytest.raises(tk.ValidationError):
            give(town, plan, upload=storage(b"otra", "otra.pdf"))
        assert (files_on_disk(), active_resources(), len(facts(plan))) == before

    def test_a_private_one_needs_no_solr(
        self, town: Town, plan: PlanRow, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        self.without_solr(monkeypatch)
        assert give_secret(town, plan)["file_url"]

    def without_solr(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """A port at which nobody answers."""
        from ckan.lib import search
        from ckan.lib.search import common

        closed = "http://127.0.0.1:1/solr/ckan"
        monkeypatch.setitem(tk.config, "solr_url", closed)
        if hasattr(common, "SolrSettings"):  # CKAN 2.11
            monkeypatch.setattr(common.SolrSettings, "get", classmethod(lambda _cls: (closed, None, None)))
        assert not search.is_available()

    def test_the_second_of_two_uploads_fails(
        self, town: Town, plan: PlanRow, nothing_stays: None, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        real, calls = evidence_file.store, []

        def second(chunks: Any) -> Any:
            calls.append(1)
            if len(calls) == 2:
                raise OSError("no")
            return real(chunks)

        monkeypatch.setattr(evidence_file, "store", second)
        pieces = [{"upload": storage(SECRET, f"{n}.csv"), **WITHHELD} for n in range(2)]
        with pytest.raises(tk.ValidationError) as error:
            town.call(
                "focal_point",
                "ogp_plan_update_create",
                plan=plan.name,
                item="1.1.1",
                text="Se hizo.",
                evidence=pieces,
            )
        assert error.value.error_dict["evidence"][1].keys() == {"upload"}

    def test_the_same_request_twice_stores_once(self, town: Town, plan: PlanRow) -> None:
        first = give_secret(town, plan, request_id="r1")
        before = private_files_on_disk()
        assert give_secret(town, plan, request_id="r1")["id"] == first["id"]
        assert private_files_on_disk() == before

    def test_a_stranger_stores_nothing(self, town: Town, plan: PlanRow, nothing_stays: None) -> None:
        for who in ("citizen", "other_editor", "anonymous"):
            for more in ({}, WITHHELD):
                with pytest.raises(tk.NotAuthorized):
                    give(town, plan, who, upload=storage(SECRET, "a.csv"), **more)


class TestPublicUpload:
    def test_a_dataset_made_private_takes_none(self, town: Town, plan: PlanRow) -> None:
        made = give(town, plan, upload=storage(b"acta", "acta.pdf"))
        tk.get_action("package_patch")(
            {"user": town.names["sysadmin"]}, {"id": made["dataset"], "private": True}
        )
        before = (files_on_disk(), active_resources())
        with pytest.raises(tk.ValidationError) as error:
            give(town, plan, upload=storage(b"otra", "otra.pdf"))
        assert set(error.value.error_dict) == {"upload"}
        assert (files_on_disk(), active_resources()) == before

    def test_a_name_that_another_organismo_took(self, town: Town, plan: PlanRow) -> None:
        name = evidence_dataset.name_of(plan.name, town.obras)
        taken = factories.Dataset(owner_org=town.otra, name=name)
        made = give(town, plan, upload=storage(b"acta", "acta.pdf"))
        own = tk.get_action("package_show")({"ignore_auth": True}, {"id": made["dataset"]})
        assert (own["organization"]["name"], own["private"]) == (town.obras, False)
        assert own["id"] != taken["id"]
        assert own["name"].startswith(name)
        again = give(town, plan, upload=storage(b"otra", "otra.pdf"))
        assert again["dataset"] == made["dataset"]

    def test_a_name_that_was_deleted(self, town: Town, plan: PlanRow) -> None:
        first = give(town, plan, upload=storage(b"acta", "acta.pdf"))
        tk.get_action("package_delete")({"user": town.names["sysadmin"]}, {"id": first["dataset"]})
        second = give(town, plan, upload=storage(b"acta", "acta.pdf"))
        assert second["dataset"] != first["dataset"]

    def test_into_a_dataset_of_another_organismo(self, town: Town, plan: PlanRow) -> None:
        foreign = factories.Dataset(owner_org=town.otra)
        before = (files_on_disk(), active_resources())
        with pytest.raises(tk.ValidationError) as error:
            give(town, plan, upload=storage(b"acta", "acta.pdf"), dataset=foreign["name"])
        assert set(error.value.error_dict) == {"dataset"}
        assert (files_on_disk(), active_resources()) == before

    def test_into_one_of_its_own(self, town: Town, plan: PlanRow) -> None:
        own = factories.Dataset(owner_org=town.obras)
        made = give(town, plan, upload=storage(b"acta", "acta.pdf"), dataset=own["name"])
        assert made["dataset"] == own["id"]


class TestHeadersOfPublicFiles:
    """What CKAN serves by itself: shown only when its bytes are of a kind that runs nothing."""

    @pytest.mark.parametrize(
        ("name", "content", "shown"),
        [
            ("acta.pdf", b"%PDF-1.4\n%\xe2\xe3\n1 0 obj", "application/pdf"),
            ("foto.png", b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x00\x00\x01\x00\x00\x00\x01\x08\x06\x00\x00\x00", "image/png"),
            ("foto.jpg", b"\xff\xd8\xff\xe0\x00\x10JFIF\x00\x01\x01\x00\x00\x01\x00\x01\x00\x00", "image/jpeg"),
            ("nota.txt", "Acta de la reunión del comité.\n".encode(), "text/plain"),
            ("pagina.html", b"<!doctype html><html><script>alert(1)</script></html>", None),
            ("pagina.xhtml", b'<?xml version="1.0"?><html xmlns="http://www.w3.org/1999/xhtml"><script>alert(1)</script></html>', None),
            ("dibujo.svg", b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>', None),
            ("datos.xml", b'<?xml version="1.0"?><?xml-stylesheet href="x.xsl"?><a/>', None),
            # its name says another thing than its bytes
            ("acta.pdf.html", b"%PDF-1.4\n%\xe2\xe3\n1 0 obj", "application/pdf"),
            ("pagina.pdf", b"<html><body><script>alert(1)</script></body></html>", None),
            ("pagina.txt", b"<html><body><script>alert(1)</script></body></html>", None),
            ("sin-extension", b"<script>alert(1)</script>", None),
            ("datos.csv", b"a;b\n1;2\n3;4\n", None),
            ("comprimido.zip", b"PK\x03\x04\x14\x00\x00\x00\x08\x00", None),
        ],
    )  # fmt: skip
    def test_kinds(self, town: Town, plan: PlanRow, name: str, content: bytes, shown: str | None) -> None:
        made = give(town, plan, upload=storage(content, name))
        response = town.app.get(f"/dataset/{made['dataset']}/resource/{made['resource']}/download/{name}")
        assert (response.status_code, response.get_data()) == (200, content)
        headers = response.headers
        assert headers["X-Content-Type-Options"] == "nosniff"
        if shown is None:
            # what a browser shows as text at most is text; whatever else is saved
            active = headers["Content-Type"].split(";")[0] != "text/plain"
            assert headers["Content-Disposition"].startswith("attachment") or not active
            assert "sandbox" in headers["Content-Security-Policy"]
        else:
            assert headers["Content-Type"].split(";")[0] == shown
            assert headers["Content-Disposition"].split(";")[0] == "inline"

    def test_a_range_and_a_head(self, town: Town, plan: PlanRow) -> None:
        made = give(town, plan, upload=storage(b"<html><script>alert(1)</script>", "a.html"))
        url = f"/dataset/{made['dataset']}/resource/{made['resource']}/download/a.html"
        client = town.app.flask_app.test_client()
        for response in (town.app.get(url, headers={"Range": "bytes=6-"}), client.head(url)):
            assert response.headers["Content-Disposition"].startswith("attachment")
            assert "sandbox" in response.headers["Content-Security-Policy"]

    def test_without_the_name_in_the_address(self, town: Town, plan: PlanRow) -> None:
        made = give(town, plan, upload=storage(b"<html><script>alert(1)</script>", "a.html"))
        response = town.app.get(f"/dataset/{made['dataset']}/resource/{made['resource']}/download")
        assert response.headers["Content-Disposition"].startswith("attachment")

    def test_other_resources_are_as_core_serves_them(self, town: Town, plan: PlanRow) -> None:
        dataset = factories.Dataset(owner_org=town.obras)
        resource = factories.Resource(package_id=dataset["id"], upload=storage(b"<html>", "a.html"))
        url = f"/dataset/{dataset['id']}/resource/{resource['id']}/download/a.html"
        assert "Content-Security-Policy" not in town.app.get(url).headers
        # until it is evidence
        give(town, plan, resource=resource["id"])
        assert "sandbox" in town.app.get(url).headers["Content-Security-Policy"]


class TestOrphans:
    def command(self, *words: str) -> Any:
        model.Session.remove()
        return CliRunner().invoke(cli.ogp_plan, ["evidence", "orphans", *words])

    def find(self, age: float = 0) -> list[tuple[str, str]]:
        from ckanext.ogp_plan.services import evidence_orphan

        return [(one.kind, one.name) for one in evidence_orphan.find(age)]

    def test_files_without_a_fact(self, town: Town, plan: PlanRow) -> None:
        give_secret(town, plan)
        file_id = facts(plan)[-1].body["file"]
        assert self.find() == []
        stored = evidence_file.store([b"de un proceso muerto"])
        cut_short = evidence_file.folder().path(str(uuid.uuid4())).with_suffix(".part")
        cut_short.parent.mkdir(exist_ok=True)
        cut_short.write_bytes(b"a medias")
        path = str(evidence_file.folder().path(stored.id))
        assert sorted(self.find()) == sorted([("file", path), ("file", str(cut_short))])
        # of a request that may still run
        assert self.find(3600) == []
        assert self.command("--age", "0").exit_code == 1
        assert self.command("--age", "0", "--delete").exit_code == 0
        assert self.find() == []
        assert evidence_file.folder().path(file_id).exists()

    def test_resources_without_a_fact(self, town: Town, plan: PlanRow) -> None:
        made = give(town, plan, upload=storage(b"acta", "acta.pdf"))
        extra = factories.Resource(package_id=made["dataset"], upload=storage(b"otra", "otra.pdf"))
        name = tk.get_action("package_show")({"ignore_auth": True}, {"id": made["dataset"]})["name"]
        assert self.find() == [("resource", f"{name}/{extra['id']}")]
        # somebody may have put it there on purpose: it is listed and kept
        shown = self.command("--delete", "--age", "0")
        assert (shown.exit_code, shown.output) == (1, f"resource {name}/{extra['id']}\norphans: 1\n")
        tk.get_action("resource_delete")({"user": town.names["sysadmin"]}, {"id": extra["id"]})
        assert self.command("--age", "0").exit_code == 0


class TestFolderOption:
    @pytest.mark.parametrize("value", ["relative/path", "{storage}/storage/x", "{storage}/storage"])
    def test_a_folder_that_is_served_is_refused(
        self, town: Town, monkeypatch: pytest.MonkeyPatch, value: str
    ) -> None:
        from ckan.exceptions import CkanConfigurationException

        from ckanext.ogp_plan import config

        path = value.format(storage=tk.config["ckan.storage_path"])
        monkeypatch.setitem(tk.config, OPTION + "private_files_path", path)
        with pytest.raises(CkanConfigurationException, match="private_files_path"):
            config.require_valid()

    def test_another_folder(
        self, town: Town, plan: PlanRow, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
    ) -> None:
        monkeypatch.setitem(tk.config, OPTION + "private_files_path", str(tmp_path))
        made = give_secret(town, plan)
        assert [path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()] == [SECRET]
        assert town.get("control", made["file_url"]).get_data() == SECRET


def dt_now() -> Any:
    import datetime as dt

    return dt.datetime.now(dt.timezone.utc)


def test_over_http(town: Town, plan: PlanRow) -> None:
    answer = town.app.post(
        "/api/action/ogp_plan_evidence_create",
        headers={"Authorization": town.tokens["focal_point"]},
        data={
            "plan": plan.name, "item": "1.1.1", "public": "false", "withheld": "Datos personales",
            "upload": (io.BytesIO(SECRET), "lista.csv"),
        },
    )  # fmt: skip
    assert answer.status_code == 200, answer.get_data(as_text=True)[:2000]
    result = answer.get_json()["result"]
    assert town.get("monitor", result["file_url"]).get_data() == SECRET
