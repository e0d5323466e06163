"""``python -m ckanext.cost_oc4ids.oc4ids check``: forms, languages, exit status."""

from __future__ import annotations

import gzip
import io
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from support import generate

from ckanext.cost_oc4ids.oc4ids import command

AS_OF = ["--as-of", "2026-10-01"]


@pytest.fixture
def files(tmp_path: Path) -> dict[str, str]:
    bad = generate.make(2, "small")
    bad["projects"][1]["title"] = None
    contents = {
        "good.json": generate.encode(generate.make(2, "small")),
        "good.json.gz": gzip.compress(generate.encode(generate.make(2, "small"))),
        "bad.json": generate.encode(bad),
        "broken.json": b'{"id": ',
    }
    for name, content in contents.items():
        (tmp_path / name).write_bytes(content)
    return {name: str(tmp_path / name) for name in contents} | {
        "missing.json": str(tmp_path / "missing.json")
    }


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    status = command.main(["check", *arguments, *AS_OF])
    shown = capsys.readouterr()
    return status, shown.out, shown.err


@pytest.mark.parametrize(
    ("names", "status"),
    [
        (["good.json"], 0),
        (["good.json.gz"], 0),
        (["bad.json"], 1),
        (["broken.json"], 2),
        (["missing.json"], 2),
        (["good.json", "bad.json"], 1),
        (["broken.json", "bad.json", "good.json"], 2),
        (["missing.json", "good.json"], 2),
    ],
)
def test_status(files: dict[str, str], capsys: Any, names: list[str], status: int) -> None:
    got, out, err = run(capsys, *(files[name] for name in names))
    assert got == status
    for name in names:
        assert files[name] in (err if name == "missing.json" else out)


def test_language(files: dict[str, str], capsys: Any) -> None:
    assert "Un campo que dice null" in run(capsys, files["bad.json"])[1]
    assert "A field that says null" in run(capsys, files["bad.json"], "--lang", "en")[1]


def test_json_is_the_documented_shape(files: dict[str, str], capsys: Any) -> None:
    given = json.loads(run(capsys, files["bad.json"], "--format", "json")[1])
    assert (given["valid"], given["projects"], given["counts"]["error"]) == (False, 2, 1)
    assert given["findings"][0]["path"] == "/projects/1/title"


def test_json_of_several_files_is_a_list(files: dict[str, str], capsys: Any) -> None:
    given = json.loads(run(capsys, files["good.json"], files["bad.json"], "--format", "json")[1])
    assert [(each["file"], each["valid"]) for each in given] == [
        (files["good.json"], True),
        (files["bad.json"], False),
    ]


def test_html(files: dict[str, str], capsys: Any) -> None:
    assert run(capsys, files["bad.json"], "--format", "html")[1].startswith(
        '<!DOCTYPE html>\n<html lang="es">'
    )


def test_standard_input(capsys: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    class Piped:
        buffer = io.BytesIO(generate.encode(generate.make(1, "small")))

    monkeypatch.setattr(sys, "stdin", Piped)
    assert run(capsys, "-")[0] == 0


def test_previous(files: dict[str, str], tmp_path: Path, capsys: Any) -> None:
    before = generate.make(3, "small")
    (tmp_path / "before.json").write_bytes(generate.encode(before))
    status, out, _ = run(
        capsys, files["good.json"], "--previous", str(tmp_path / "before.json"), "--format", "json"
    )
    gone = [each for each in json.loads(out)["findings"] if each["code"] == "history.project_gone"]
    assert status == 0
    assert [place["value"] for place in gone[0]["places"]] == [before["projects"][2]["id"]]


@pytest.mark.parametrize("name", ["broken.json", "missing.json"])
def test_previous_that_cannot_be_read(files: dict[str, str], capsys: Any, name: str) -> None:
    status, out, err = run(capsys, files["good.json"], "--previous", files[name])
    assert (status, out) == (2, "")
    assert files[name] in err


def test_as_of_and_prefix(files: dict[str, str], capsys: Any) -> None:
    codes = {
        each["code"]
        for each in json.loads(
            run(capsys, files["good.json"], "--prefix", "oc4ids-zzzzzz", "--format", "json")[1]
        )["findings"]
    }
    assert "id.prefix" in {code.replace("id.prefix_other", "id.prefix") for code in codes}


def test_as_a_program(files: dict[str, str]) -> None:
    """Whole, in a process of its own, with a terminal that knows no Spanish letters."""
    done = subprocess.run(  # noqa: S603 - our own interpreter and arguments
        [sys.executable, "-m", "ckanext.cost_oc4ids.oc4ids", "check", files["bad.json"]],
        capture_output=True,
        env={"LC_ALL": "C", "PATH": "/usr/bin:/bin"},
        timeout=60,
        check=False,
    )
    assert done.returncode == 1
    assert "El archivo aún no cumple" in done.stdout.decode("utf-8")
    assert done.stderr == b""


def test_a_mistake_in_the_command(capsys: Any) -> None:
    with pytest.raises(SystemExit) as caught:
        command.main(["check"])
    assert caught.value.code == 2
