"""``python -m ckanext.ogp_plan.planning read``: what it prints and how it ends."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from support import plan_files as made

from ckanext.ogp_plan.planning.__main__ import main

SIX = {"code", "level", "parent", "title", "result", "responsible", "source"}


@pytest.fixture
def plan_file(tmp_path: Path) -> Path:
    path = tmp_path / "paac.xlsx"
    path.write_bytes(made.f014())
    return path


@pytest.fixture
def doubtful(tmp_path: Path) -> Path:
    other = ("1.1.1", "Otra cosa", "Otra", "Dos (2) cosas", [4], "Cosas", "Número de cosas hechas", 2, "DATIC")
    path = tmp_path / "paac.csv"
    path.write_bytes(made.as_csv(made.f014_cells([*made.ROWS, other])))
    return path


def test_json(plan_file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["read", str(plan_file), "--family", "paac", "--format", "json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert set(found) == {"plan", "items", "indicators", "acta"}
    assert set(found["acta"]) >= {"accepted", "inherited", "flagged", "dropped", "asked"}
    assert found["acta"]["accepted"] == 4
    for item in found["items"]:
        assert set(item) >= SIX
        assert set(item["source"]) == {"sheet", "cell"}
    row = next(item for item in found["items"] if item["code"] == "1.1.2#2")
    assert row["parent"] == {"level": "actividad", "code": "1.1.2"} and row["result"] == "12"
    for one in found["acta"]["flagged"]:
        assert set(one) >= {"kind", "place", "text", "why"}
    assert found["plan"]["start"] == "2026-01-01"


def test_questions_end_with_one_and_answers_settle_them(doubtful: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    command = ["read", str(doubtful), "--family", "paac", "--format", "json"]
    assert main(command) == 1
    (question,) = json.loads(capsys.readouterr().out)["acta"]["asked"]
    assert question["assumed"] == "first" and question["place"] == {"line": 11}
    assert {"value": "both", "label": "Conservar los dos, como dos filas"} in question["options"]
    answers = tmp_path / "respuestas.json"
    answers.write_text(json.dumps({question["id"]: "both"}), encoding="utf-8")
    assert main([*command, "--answers", str(answers)]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["acta"]["answered"][0]["answer"] == "both" and found["acta"]["accepted"] == 5


@pytest.mark.parametrize("content", ["[1]", "{", ""])
def test_wrong_answers(plan_file: Path, tmp_path: Path, content: str, capsys: pytest.CaptureFixture[str]) -> None:
    answers = tmp_path / "respuestas.json"
    answers.write_text(content, encoding="utf-8")
    assert main(["read", str(plan_file), "--family", "paac", "--answers", str(answers)]) == 2
    assert "archivo de respuestas" in capsys.readouterr().err


def test_text_is_in_spanish_and_names_places(doubtful: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["read", str(doubtful), "--family", "paac"]) == 1
    output = capsys.readouterr().out
    for words in ("Informe de lectura", "Elementos en seguimiento: 4", "Línea 8", "Preguntas por responder: 1", "Mientras no se responda"):
        assert words in output
    assert main(["read", str(doubtful), "--family", "paac", "--lang", "en"]) == 1
    assert "Import act" in capsys.readouterr().out


def test_unreadable_says_reason_place_and_remedy(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "plan.pdf"
    path.write_bytes(b"%PDF-1.4")
    assert main(["read", str(path), "--family", "paac"]) == 2
    output = capsys.readouterr()
    assert not output.out
    assert output.err.splitlines()[0] == "No se entendió: Es un PDF."
    assert [line.split(":")[0] for line in output.err.splitlines()] == ["No se entendió", "Lugar", "Qué hacer"]


@pytest.mark.parametrize("more", [["--family", "nadie"], ["--family", "paac", "--layout", "nadie"]])
def test_no_such_family_or_layout(plan_file: Path, more: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["read", str(plan_file), *more]) == 2
    assert "nadie" in capsys.readouterr().err


def test_as_a_program(plan_file: Path) -> None:
    """The module runs alone, and neither CKAN, Flask nor the other plugin is loaded by it."""
    code = (
        "import runpy, sys\n"
        f"sys.argv = ['planning', 'read', {str(plan_file)!r}, '--family', 'paac', '--format', 'json']\n"
        "try:\n    runpy.run_module('ckanext.ogp_plan.planning', run_name='__main__')\n"
        "except SystemExit as end:\n    code = end.code\n"
        "bad = sorted(m for m in sys.modules if m.split('.')[0] in ('ckan', 'flask', 'sqlalchemy') or m.startswith('ckanext.cost_oc4ids'))\n"
        "print('LOADED', bad, code, file=sys.stderr)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.stderr.strip().splitlines()[-1] == "LOADED [] 0", done.stderr
    assert json.loads(done.stdout)["acta"]["accepted"] == 4
