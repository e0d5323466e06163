"""A file is refused, corrected, accepted and seen: with a mouse, and with a keyboard only."""

from __future__ import annotations

import json
from typing import Any

import pytest
from support.sample_portal import SamplePortal, sample

pytestmark = pytest.mark.browser


def new_dataset(page: Any, sample_portal: SamplePortal, title: str, name: str) -> None:
    """Fill the first step of a new dataset."""
    page.goto("/oc4ids/new")
    page.fill("[name=title]", title)
    page.fill("[name=notes]", "Proyectos de infraestructura (datos de demostración).")
    # CKAN hides some of these behind widgets of its own, which differ by release
    for field, value in (("name", name), ("owner_org", sample_portal.organization["id"]), ("private", "False")):
        page.evaluate(
            "([name, value]) => { document.querySelector(`[name=${name}]`).value = value; }", [field, value]
        )
    page.locator("button[name=save]").last.click()
    page.wait_for_selector("#resource-edit")


def choose(page: Any, path: Any) -> None:
    """Choose a file as people do: with the button that opens the system's dialogue."""
    with page.expect_file_chooser() as chooser:
        page.click("#resource-upload-button")
    chooser.value.set_files(path)


def test_refused_corrected_accepted_seen(
    editor_page: Any, page: Any, sample_portal: SamplePortal, audit: Any, shot: Any, has_focus: Any, tmp_path: Any
) -> None:
    good = json.loads(sample("buenos/dagma.json").read_text(encoding="utf-8"))
    broken = json.loads(json.dumps(good))
    for project in broken["projects"]:
        project["updated"] = "2026-01-15"
    broken["projects"][0]["status"] = "construccion"
    file = tmp_path / "proyectos.json"
    file.write_text(json.dumps(broken), encoding="utf-8")

    new_dataset(editor_page, sample_portal, "Gestión ambiental: obras", "obras-ambientales")
    shot(editor_page, "recurso-nuevo")
    audit(editor_page)
    choose(editor_page, file)
    editor_page.fill("[name=description]", "Corte de octubre.")
    editor_page.click("button[name=save][value=go-metadata]")

    # refused: what is wrong stands first and has the focus, the report beneath, the form as it was
    editor_page.wait_for_selector("#oc4ids-refused")
    has_focus(editor_page, "oc4ids-refused")
    assert "El archivo no se guardó" in editor_page.inner_text("#oc4ids-refused")
    assert "no cumple" in editor_page.inner_text("#oc4ids-refused")
    assert "Qué hacer:" in editor_page.inner_text(".oc4ids-report")
    assert editor_page.input_value("[name=description]") == "Corte de octubre."
    assert editor_page.get_attribute("#field-resource-upload", "aria-invalid") == "true"
    shot(editor_page, "archivo-rechazado")
    audit(editor_page)
    dataset = sample_portal.call("package_show", id="obras-ambientales")
    assert dataset["resources"] == []

    # corrected and accepted
    file.write_text(json.dumps(good), encoding="utf-8")
    editor_page.click("#oc4ids-refused a[href='#field-resource-upload']")
    editor_page.set_input_files("#field-resource-upload", file)
    editor_page.click("button[name=save][value=go-metadata]")
    editor_page.wait_for_url("**/obras-ambientales")
    assert "OC4IDS: cumple" in editor_page.inner_text("[role=main]")

    # seen by everybody
    title = good["projects"][0]["title"]
    page.goto("/infraestructura?organization=" + sample_portal.organization["name"])
    page.get_by_role("link", name=title).first.click()
    page.wait_for_selector("h1")
    assert title in page.inner_text("[role=main]")
    page.goto("/dataset/obras-ambientales")
    assert "OC4IDS: cumple" in page.inner_text("[role=main]")


def focused(page: Any) -> str:
    return page.evaluate("document.activeElement.id || document.activeElement.getAttribute('name') || ''")


def tab_to(page: Any, what: Any, most: int = 80) -> None:
    """Press Tab until ``what`` holds of the focused element."""
    for _ in range(most):
        if page.evaluate(what):
            return
        page.keyboard.press("Tab")
    pytest.fail(f"not reached by keyboard: {what}; the focus is on {focused(page)!r}")


def test_with_a_keyboard_only(editor_page: Any, sample_portal: SamplePortal, has_focus: Any, tmp_path: Any) -> None:
    page = editor_page
    page.goto(f"/dataset/{sample_portal.published['name']}/resource/new")
    # names and address differ by type; the form is the dataset's own
    tab_to(page, "document.activeElement.id === 'resource-upload-button'")
    with page.expect_file_chooser() as chooser:
        page.keyboard.press("Enter")
    chooser.value.set_files(sample("con_errores/estado_desconocido.json"))
    tab_to(page, "document.activeElement.name === 'save' && document.activeElement.value === 'go-dataset-complete'")
    page.keyboard.press("Enter")

    page.wait_for_selector("#oc4ids-refused")
    has_focus(page, "oc4ids-refused")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.getAttribute('href')") == "#field-resource-upload"
    page.keyboard.press("Enter")
    tab_to(page, "document.activeElement.id === 'field-resource-upload'", most=2)
    good = json.loads(sample("buenos/emcali.json").read_text(encoding="utf-8"))
    file = tmp_path / "emcali.json"
    file.write_text(json.dumps(good), encoding="utf-8")
    with page.expect_file_chooser() as chooser:
        page.keyboard.press("Space")
    chooser.value.set_files(file)
    tab_to(page, "document.activeElement.name === 'save' && document.activeElement.value === 'go-dataset-complete'")
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/{sample_portal.published['name']}")
    found = sample_portal.call("oc4ids_project_show", id=good["projects"][0]["id"])
    assert found["dataset"]["name"] == sample_portal.published["name"]


def test_replacing_a_file_that_is_refused_leaves_the_old_one(editor_page: Any, sample_portal: SamplePortal, audit: Any, shot: Any) -> None:
    page = editor_page
    before = sample_portal.call("resource_show", id=sample_portal.good["id"])
    page.goto(f"/oc4ids/{sample_portal.published['name']}/resource/{sample_portal.good['id']}/edit")
    audit(page)
    page.get_by_role("button", name="Limpiar").or_(page.locator(".btn-remove-url")).first.click()
    with page.expect_file_chooser() as chooser:
        page.locator("#field-resource-upload").click()
    chooser.value.set_files(sample("con_errores/json_cortado.json"))
    page.locator("button[name=save]").last.click()
    page.wait_for_selector("#oc4ids-refused")
    shot(page, "reemplazo-rechazado")
    audit(page)
    after = sample_portal.call("resource_show", id=sample_portal.good["id"])
    assert (after["url"], after["last_modified"], after["size"]) == (before["url"], before["last_modified"], before["size"])
