"""What is no plan is refused with words, a place and a remedy, and costs little."""

from __future__ import annotations

import cProfile
import io
import time
import zipfile
from pathlib import Path

import pytest
from openpyxl import Workbook
from support import plan_files as made
from support.plans import lost

from ckanext.ogp_plan.planning.importers import Unreadable, read
from ckanext.ogp_plan.planning.words.render import Renderer


def kind(content: bytes, name: str = "", family: str = "paac") -> Unreadable:
    with pytest.raises(Unreadable) as caught:
        read(content, family, name=name)
    return caught.value


def changed(part: str, old: bytes, new: bytes) -> bytes:
    """Return form F014 with one part of the workbook rewritten."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(made.f014())) as source, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as target:
        for name in source.namelist():
            content = source.read(name)
            assert name != part or old in content
            target.writestr(name, content.replace(old, new) if name == part else content)
    return out.getvalue()


SHEET = "xl/worksheets/sheet1.xml"
END = b"</sheetData>"


def zipped(**parts: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as target:
        for name, content in parts.items():
            target.writestr(name.replace("__", "/").replace("--", "."), content)
    return out.getvalue()


def bomb() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as target:
        target.writestr("xl/workbook.xml", b"<workbook/>")
        target.writestr(SHEET, b"<row/>" * 12_000_000)
    return out.getvalue()


CASES = {
    "empty": (b"", "read.empty"),
    "only spaces": (b" \n\t\n", "read.empty"),
    "only a mark": (b"\xef\xbb\xbf", "read.empty"),
    "pdf": (b"%PDF-1.7\n...", "read.pdf"),
    "old office": (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600, "read.old_office"),
    "html": (b"<!DOCTYPE html><html><body>Plan</body></html>", "read.html"),
    "html after a mark": (b"\xef\xbb\xbf\n<html>", "read.html"),
    "rtf": (b"{\\rtf1 Plan}", "read.rtf"),
    "image": (b"\x89PNG\r\n\x1a\n" + b"\0" * 40, "read.image"),
    "gzip": (b"\x1f\x8b\x08\x00", "read.archive"),
    "zip of something": (zipped(readme=b"hola"), "read.archive"),
    "word": (zipped(word__document=b"<w/>"), "read.word"),
    "opendocument": (zipped(**{"content--xml": b"<x/>"}), "read.opendocument"),
    "binary": (bytes(range(256)) * 20, "read.binary"),
    "zeros": (b"\0" * 1000, "read.empty"),
    "cut zip": (made.f014()[:2000], "read.broken_workbook"),
    "cut utf-16": ("N°\tACTIVIDADES\n".encode("utf-16") + b"\x00", "read.encoding"),
    "prose": (b"Querida vecina:\nle escribo para saludarla.\n", "read.no_table"),
    "header alone": (made.as_text(made.f014_cells()[:3]), "read.no_items"),
    "an open quotation mark": (b'a;b;c\n"' + b"x;y;z\n" * 80, "read.csv_quotes"),
    "entities": (changed(SHEET, b"<worksheet", b"<!DOCTYPE a [<!ENTITY b 'c'>]><worksheet"), "read.broken_workbook"),
    "far cell": (changed(SHEET, END, b'<row r="1048576"><c r="XFD1048576"><v>1</v></c></row></sheetData>'), "read.too_wide"),
    "far row": (changed(SHEET, END, b'<row r="900000"/></sheetData>'), "read.too_wide"),
    "merged whole": (changed(SHEET, b"<mergeCells", b'<mergeCells><mergeCell ref="A1:XFD1048576"/></mergeCells><mergeCells'), "read.merged_too_large"),
    "bomb": (bomb(), "read.zip_bomb"),
    "too many lines": (b"a\n" * 200_001, "read.too_many_lines"),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_refused_with_words(case: str) -> None:
    content, expected = CASES[case]
    started = time.monotonic()
    error = kind(content, "p.csv" if case == "an open quotation mark" else "")
    assert error.kind == expected
    assert time.monotonic() - started < 5
    for lang in ("es", "en"):
        reason, remedy = Renderer(lang).reason(error)
        assert reason and remedy and "%(" not in reason + remedy
    assert Renderer("es").reason(error)[0] != Renderer("en").reason(error)[0]


def test_too_large_is_refused_before_anything_else() -> None:
    assert kind(b"x" * 20_000_001).kind == "read.too_large"


def test_too_many_cells() -> None:
    rows = b"".join(b'<row r="%d">%b</row>' % (n, b'<c r="A%d"/>' % n * 60) for n in range(100, 9000))
    assert kind(changed(SHEET, END, rows + END)).kind == "read.too_many_cells"


def test_places_are_reported() -> None:
    error = kind(CASES["far cell"][0])
    assert Renderer("es").place(error.place) == "Celda XFD1048576"
    quotes = kind(CASES["an open quotation mark"][0], "p.csv")
    assert Renderer("es").place(quotes.place) == "Línea 2"


def test_empty_workbook() -> None:
    assert kind(made.saved(Workbook())).kind == "read.empty"


def test_a_plan_of_another_family() -> None:
    error = kind(made.f014(), family="cost")
    assert error.kind == "read.no_table" and error.params["layouts"] == ["cost-workplan"]


def test_a_layout_of_another_family() -> None:
    with pytest.raises(Unreadable) as caught:
        read(made.f014(), "cost", "paac-f014")
    assert caught.value.kind == "layout.other_family"


def test_no_such_file(tmp_path: Path) -> None:
    with pytest.raises(Unreadable) as caught:
        read(tmp_path / "no.txt", "paac")
    assert caught.value.kind == "read.no_file"
    with pytest.raises(Unreadable):
        read(tmp_path, "paac")


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "cp1252", "latin-1"])
def test_other_encodings_are_recognised_and_reported(encoding: str) -> None:
    text = made.as_text(made.f014_cells()).decode()
    content = text.encode(encoding)
    reading = read(content, "paac")
    assert [item.title for item in reading.plan.items] == [item.title for item in read(text, "paac").plan.items]
    encodings = [one.params["encoding"] for one in reading.act.flagged if one.kind == "encoding.other"]
    assert bool(encodings) == (not encoding.startswith("utf-8"))
    assert lost(content, reading) == []


def test_broken_accents_are_reported_and_not_repaired() -> None:
    content = made.as_text(made.f014_cells()).decode().encode().decode("cp1252", "replace").encode()
    reading = read(content.replace("NÂ°".encode(), "N°".encode()).replace("DESCRIPCIÃ“N".encode(), b"DESCRIPCION").replace("FÃ“RMULA".encode(), b"FORMULA"), "paac")
    assert [one.kind for one in reading.act.flagged if one.kind.startswith("encoding")] == ["encoding.mojibake"]


@pytest.mark.parametrize("ends", ["\r\n", "\r", "\n"])
def test_ends_of_lines(ends: str) -> None:
    content = made.as_text(made.f014_cells()).decode().replace("\n", ends).encode()
    assert read(content, "paac").act.accepted == 4


def test_work_grows_with_the_size() -> None:
    """Eight times the rows are at most some sixteen times the work, counted in calls of functions."""

    def calls(count: int) -> int:
        rows = [
            (f"1.{n // 90 + 1}.{n % 90 + 1}", f"Actividad {n}", f"Descripción larga de la fila {n}", f"Dos ({n % 50}) cosas", [1 + n % 12], f"Producto {n}", f"Número de cosas {n}", n % 50, "DATIC")
            for n in range(count)
        ]  # fmt: skip
        content = made.as_text(made.f014_cells(rows))
        profile = cProfile.Profile()
        assert profile.runcall(read, content, "paac").act.accepted == count
        return sum(one.callcount for one in profile.getstats())

    calls(50)
    # words that were folded before are remembered, so it is not eight to the dot; its square is 64
    assert calls(1600) < 16 * calls(200)
