"""Exported files in LibreOffice, as officials open them: each opens, and its formulas give what the engine computed."""

from __future__ import annotations

import datetime as dt
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from openpyxl import load_workbook
from support import plan_records as made
from support.plan_exports import MAKERS

from ckanext.ogp_plan.planning.cuts.compliance import compute_compliance
from ckanext.ogp_plan.planning.cuts.types import Compliance
from ckanext.ogp_plan.planning.exporters import follow_up
from ckanext.ogp_plan.planning.exporters.view import View

pytestmark = pytest.mark.one_release("the exporters are pure Python and load no CKAN")

DAYS = (dt.date(2026, 4, 30), dt.date(2026, 8, 31), dt.date(2026, 12, 31))


@pytest.fixture(scope="module")
def soffice() -> str:
    found = shutil.which("soffice")
    assert found, "LibreOffice is absent: run `make test-portal`, which installs it"
    return found


def computed(view: View) -> list[Compliance]:
    ends = [dt.datetime.combine(day, dt.time.max, tzinfo=made.ZONE) for day in DAYS]
    return [compute_compliance(view.record.as_of(end), day, view.settings) for day, end in zip(DAYS, ends, strict=True)]


def row_of(sheet: Any, label: str) -> int:
    return next(int(row[0].row) for row in sheet.iter_rows() if row[0].value == label)


def test_libreoffice_computes_the_same(tmp_path: Path, soffice: str) -> None:
    view = made.view()
    source = tmp_path / "form.xlsx"
    source.write_bytes(follow_up.write(view, [follow_up.Cut(one) for one in computed(view)]))
    subprocess.run(
        [soffice, "--headless", f"-env:UserInstallation=file://{tmp_path}/profile", "--convert-to", "xlsx:Calc MS Excel 2007 XML", "--outdir", str(tmp_path / "out"), str(source)],
        capture_output=True, timeout=180, check=True,
    )  # fmt: skip
    sheet = load_workbook(tmp_path / "out" / "form.xlsx", data_only=True)["Resumen"]
    total = row_of(sheet, "Total del plan")
    for number, compliance in enumerate(computed(view)):
        planned, met, share, zone = (sheet.cell(total, 2 + number * 4 + n).value for n in range(4))
        whole = compliance.whole
        assert (planned, met) == (whole.scheduled, whole.fulfilled)
        assert whole.share is not None and abs(share * 100 - float(whole.share)) < 1e-9
        assert zone == {"rojo": "Zona baja (rojo)", "amarillo": "Zona media (amarillo)", "verde": "Zona alta (verde)"}[whole.zone or ""]


def test_every_document_opens_in_libreoffice(tmp_path: Path, soffice: str) -> None:
    sources = [tmp_path / name for name in MAKERS if name.endswith((".xlsx", ".docx"))]
    for source in sources:
        source.write_bytes(MAKERS[source.name](made.view()))
    profile = f"-env:UserInstallation=file://{tmp_path}/profile"
    done = subprocess.run(
        [soffice, "--headless", profile, "--convert-to", "pdf", "--outdir", str(tmp_path), *map(str, sources)],
        capture_output=True, timeout=180, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    pages = {source.name: source.with_suffix(".pdf") for source in sources}
    assert [name for name, page in pages.items() if not (page.exists() and page.read_bytes().startswith(b"%PDF"))] == []
