"""Several processes: the same report to the byte, whatever the file holds and whoever fails."""

from __future__ import annotations

import dataclasses
import errno
import gzip
import io
import json
import os
import signal
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

import pytest
from support import defects, generate, hostile, sampling

from ckanext.cost_oc4ids.oc4ids import checks, command, examiner, parallel, reading, render, validator
from ckanext.cost_oc4ids.oc4ids.types import Options, Report

ALONE = Options(as_of=generate.NOW.date())

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="processes are not forked here")


@pytest.fixture(autouse=True)
def processes(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[int]]:
    """The processes that were started; none of them outlives its test."""
    started: list[int] = []
    fork = os.fork

    def noted() -> int:
        process = fork()
        if process:
            started.append(process)
        return process

    monkeypatch.setattr(os, "fork", noted)
    yield started
    for process in started:
        with pytest.raises(ProcessLookupError):
            os.kill(process, 0)


@pytest.fixture(autouse=True)
def small_shares(monkeypatch: pytest.MonkeyPatch) -> list[bool]:
    """Shares of a few projects, so that small files are cut into many; tells whether each validation had some."""
    asked: list[bool] = []
    shares = parallel.shares

    def noted(reader: reading.PackageReader, options: Options) -> list[range]:
        found = shares(reader, options)
        asked.append(bool(found))
        return found

    # threads that other tests left behind are no concern of these
    others = threading.active_count() - 1
    monkeypatch.setattr(parallel, "_threads", lambda: threading.active_count() - others)
    monkeypatch.setattr(parallel, "LEAST_BYTES", 0)
    monkeypatch.setattr(parallel, "SHARE_PROJECTS", 3)
    monkeypatch.setattr(parallel, "shares", noted)
    return asked


def stored(report: Report) -> str:
    """Everything a report says, with the order of everything."""
    return json.dumps([report.to_store(), report.project_ids, render.as_json(report, "es")])


def same(data: Any, jobs: int = 3, **options: Any) -> Report:
    data = data if isinstance(data, bytes) else generate.encode(data)
    alone = dataclasses.replace(ALONE, **options)
    one = validator.validate(data, alone)
    several = validator.validate(data, dataclasses.replace(alone, jobs=jobs))
    assert stored(several) == stored(one)
    return one


def many(count: int = 20) -> list[Any]:
    return list(generate.projects(count, "small"))


def test_every_defect_at_once(
    small_shares: list[bool], processes: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    answers: list[Any] = []
    received = parallel._received

    def noted(answer: BinaryIO) -> Any:
        answers.append(received(answer))
        return answers[-1]

    monkeypatch.setattr(parallel, "_received", noted)
    projects = [each for name in defects.DEFECTS for each in defects.defective(name)["projects"][:1]]
    report = same(generate.package(projects))
    assert len(report.findings) > 50
    assert small_shares == [False, True]
    # whatever can be found can be sent
    assert len(processes) == 3
    assert len(answers) > 40
    assert None not in answers


@pytest.mark.parametrize("jobs", [2, 4, 100])
def test_spoiled_projects(jobs: int) -> None:
    same(generate.package(list(defects.spoiled(30))), jobs=jobs)


def test_shapes_of_files() -> None:
    same(many(7))
    same({**generate.head(), "version": 7, "projects": many(7)})


@pytest.mark.parametrize("places", [0, 1, 2, 7, 50])
def test_places_are_capped_alike(places: int) -> None:
    """The last places kept may fall in the middle of a project of another share."""
    projects = [
        {**each, "title": None, "documents": [{"id": str(n), "title": " "} for n in range(5)]}
        for each in many()
    ]
    assert same(generate.package(projects), places_kept=places).truncated


@pytest.mark.parametrize("kept", [1, 3, 9])
def test_findings_are_capped_alike(kept: int) -> None:
    projects = [
        {**each, f"titel{n % 9}": 1, "documents": [{"id": "1", "x": n}]} for n, each in enumerate(many())
    ]
    assert same(generate.package(projects), findings_kept=kept).truncated


def test_the_same_project_in_several_shares() -> None:
    one, *others = many(12)
    again = {**others[0], "title": None}
    report = same(generate.package([one, *others, one, again, *others[3:], dict(reversed(one.items()))]))
    codes = {each.code for each in report.findings}
    assert {"package.duplicate_project_id", "schema.unique_items"} <= codes


@pytest.mark.parametrize("again", [{}, {"title": "T"}, {"title": None}, 5, None])
def test_what_comes_again_without_an_id(again: Any) -> None:
    same(generate.package([*many(4), *[again] * 30, *many(4)]), places_kept=4)


@pytest.mark.parametrize("name", ["late", "depth", "first"])
def test_unreadable_projects(name: str) -> None:
    broken = {
        "late": b'{"a": 1, "a": 2}',
        "depth": b'{"a":' + b"[" * 80 + b"]" * 80 + b"}",
        "first": b"[1,1e999]",
    }
    texts = [generate.encode(each) for each in many()]
    texts[0 if name == "first" else -2] = broken[name]
    texts[-1] = broken["late"]
    assert same(b"[\n" + b",\n".join(texts) + b"]").unreadable


def test_hostile_files() -> None:
    small = {name: data for name, kind in hostile.KINDS.items() if len(data := kind.make()) < 200_000}
    for name in sampling.sample(small, hostile.kind_of, one_in=20):
        one = validator.validate(small[name], ALONE)
        assert stored(validator.validate(small[name], dataclasses.replace(ALONE, jobs=2))) == stored(one), name


def sources(data: bytes, folder: Path) -> Iterator[tuple[str, BinaryIO]]:
    (folder / "file.json").write_bytes(data)
    (folder / "file.json.gz").write_bytes(gzip.compress(data))
    yield "memory", io.BytesIO(data)
    for name in ("file.json", "file.json.gz"):
        with (folder / name).open("rb") as file:
            yield name, file
    with (folder / "file.json").open("rb", buffering=0) as bare:
        yield "unbuffered", bare
    with tempfile.TemporaryFile() as temporary:
        temporary.write(data)
        yield "temporary", temporary
    reader, writer = os.pipe()

    def write() -> None:
        with os.fdopen(writer, "wb") as out:
            out.write(data)

    feeding = threading.Thread(target=write)
    feeding.start()
    with os.fdopen(reader, "rb") as piped:
        yield "piped", piped
    feeding.join()


@pytest.mark.parametrize("in_memory", [100, reading.sources.IN_MEMORY])
def test_every_source(
    in_memory: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, small_shares: list[bool]
) -> None:
    """Files are read by several processes at once: none may move the place where another reads."""
    monkeypatch.setattr(reading.sources, "IN_MEMORY", in_memory)
    monkeypatch.setattr(reading.sources, "WINDOW", 1 << 14)
    data = generate.encode(generate.package(list(defects.spoiled(40))))
    expected = stored(validator.validate(data, ALONE))
    for name, source in sources(data, tmp_path):
        small_shares.clear()
        report = validator.validate(source, dataclasses.replace(ALONE, jobs=3))
        assert stored(report) == expected, name
        if name != "piped":  # who feeds the pipe is a second thread, and may still be there
            assert small_shares == [True], name


def test_a_gzip_file_is_not_read_past_its_decompressor(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading.sources, "IN_MEMORY", 100)
    (tmp_path / "x.gz").write_bytes(gzip.compress(generate.encode(generate.package(many()))))
    with gzip.open(tmp_path / "x.gz") as file:
        source: Any = file
        assert validator.validate(source, dataclasses.replace(ALONE, jobs=2)).projects == 20


class TestOneProcess:
    """Where several would be of no use, or not safe."""

    def shares(self, jobs: int = 2) -> list[range]:
        reader = reading.open_package(generate.encode(many(10)))
        return parallel.shares(reader, Options(jobs=jobs))

    def test_several(self) -> None:
        assert self.shares() == [range(3), range(3, 6), range(6, 9), range(9, 10)]

    def test_not_asked_for(self) -> None:
        assert self.shares(1) == []
        assert Options().jobs == 1

    def test_small_file(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(parallel, "LEAST_BYTES", 10_000_000)
        assert self.shares() == []

    def test_another_thread(self) -> None:
        done = threading.Event()
        thread = threading.Thread(target=done.wait)
        thread.start()
        try:
            assert self.shares() == []
        finally:
            done.set()
            thread.join()

    def test_no_fork(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.delattr(os, "fork")
        assert self.shares() == []


def test_shares_end_by_size(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parallel, "SHARE_PROJECTS", 1000)
    monkeypatch.setattr(parallel, "SHARE_BYTES", 100)
    reader = reading.open_package(generate.encode([{"id": "x" * length} for length in (300, 10, 10, 200, 5)]))
    assert parallel.shares(reader, Options(jobs=2)) == [range(1), range(1, 4), range(4, 5)]
    monkeypatch.setattr(parallel, "SHARE_BYTES", 1 << 20)
    assert parallel.shares(reader, Options(jobs=2)) == [range(1), range(1, 5)]


def test_as_many_shares_for_each_process() -> None:
    reader = reading.open_package(generate.encode([{"id": str(n), "title": "x" * 900} for n in range(1000)]))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(parallel, "SHARE_PROJECTS", 1000)
        patch.setattr(parallel, "SHARE_BYTES", 100_000)
        for jobs, count in ((2, 10), (3, 12), (4, 12)):
            found = parallel.shares(reader, Options(jobs=jobs))
            assert len(found) == count
            assert max(map(len, found)) - min(map(len, found)) <= 2
            assert [each for share in found for each in share] == list(range(1000))


class TestFailure:
    """Whoever fails elsewhere fails here likewise, or not at all."""

    @pytest.fixture
    def elsewhere(self, monkeypatch: pytest.MonkeyPatch) -> Any:
        """Do something whenever another process examines a project."""
        own, examine = os.getpid(), examiner.Examiner.examine

        def install(what: Any, everywhere: bool = False) -> None:
            def examined(self: examiner.Examiner, raw: reading.RawProject) -> examiner.ProjectResult:
                if raw.index in (7, 8, 15) and (everywhere or os.getpid() != own):
                    what()
                return examine(self, raw)

            monkeypatch.setattr(examiner.Examiner, "examine", examined)

        return install

    def test_error(self, elsewhere: Any) -> None:
        elsewhere(lambda: 1 / 0)
        same(generate.package(list(defects.spoiled(20))))

    def test_killed(self, elsewhere: Any) -> None:
        elsewhere(lambda: os.kill(os.getpid(), signal.SIGKILL))
        same(generate.package(list(defects.spoiled(20))))

    def test_error_everywhere(self, elsewhere: Any) -> None:
        elsewhere(lambda: 1 / 0, everywhere=True)
        with pytest.raises(ZeroDivisionError):
            validator.validate(generate.encode(many()), dataclasses.replace(ALONE, jobs=2))

    def test_no_process_to_be_had(self, monkeypatch: pytest.MonkeyPatch) -> None:
        def none() -> int:
            raise OSError(errno.EAGAIN, "no more")

        monkeypatch.setattr(os, "fork", none)
        same(generate.package(list(defects.spoiled(20))))

    def test_what_cannot_be_sent(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(
            examiner.ProjectResult,
            "packed",
            lambda self, packed=examiner.ProjectResult.packed: (*packed(self), object()),
        )
        same(generate.package(list(defects.spoiled(20))))

    def test_a_check_that_breaks(self, monkeypatch: pytest.MonkeyPatch) -> None:
        def broken(ctx: Any) -> Iterator[checks.Hit]:
            raise RuntimeError("a mistake of ours")
            yield

        registry = checks.registry
        mine = checks.Check("text.blank", "project", broken)
        monkeypatch.setattr(
            checks, "registry", lambda scope=None: (mine,) if scope == "project" else registry(scope)
        )
        assert "package.check_failed" in {each.code for each in same(generate.package(many())).findings}


class TestCommand:
    @pytest.fixture
    def file(self, tmp_path: Path) -> str:
        (tmp_path / "f.json").write_bytes(generate.encode(generate.package(list(defects.spoiled(12)))))
        return str(tmp_path / "f.json")

    def test_jobs(self, file: str, capsys: Any, small_shares: list[bool]) -> None:
        given = []
        for jobs in (["--jobs", "1"], ["--jobs", "2"]):
            command.main(["check", file, "--format", "json", "--as-of", "2026-10-01", *jobs])
            given.append(capsys.readouterr().out)
        assert given[0] == given[1]
        assert small_shares == [False, True]

    @pytest.mark.parametrize("jobs", ["0", "-2", "x"])
    def test_no_number_of_processes(self, file: str, capsys: Any, jobs: str) -> None:
        with pytest.raises(SystemExit):
            command.main(["check", file, f"--jobs={jobs}"])
        assert "--jobs" in capsys.readouterr().err
