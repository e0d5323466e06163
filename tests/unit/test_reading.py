"""Reading: what is accepted, what is refused, and with which reason and place."""

from __future__ import annotations

import gzip
import io
import json
import tracemalloc
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ckanext.cost_oc4ids.oc4ids import reading
from ckanext.cost_oc4ids.oc4ids.reading import open_package, pointer
from ckanext.cost_oc4ids.oc4ids.types import Options, Unreadable

PACKAGE = b'{"uri": "a", "projects": [%s], "version": "0.9"}'


def values(source: Any, **options: Any) -> list[Any]:
    reader = open_package(source, Options(**options))
    return [reader.parse(raw) for raw in reader.projects()]


def refusal(source: Any, **options: Any) -> Unreadable:
    with pytest.raises(Unreadable) as caught:
        values(source, **options)
    return caught.value


class Trickle(io.RawIOBase):
    """A stream that cannot seek and gives a few bytes at a time."""

    def __init__(self, data: bytes) -> None:
        self.inner = io.BytesIO(data)

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        return self.inner.read(min(size, 7) if size >= 0 else 7)


class TestShapes:
    def test_package(self) -> None:
        reader = open_package(PACKAGE % b'{"id": "x"}, {"id": "y"}')
        assert (reader.kind, reader.count, reader.shell) == ("package", 2, {"uri": "a", "version": "0.9"})
        assert [raw.pointer for raw in reader.projects()] == ["/projects/0", "/projects/1"]
        assert [raw.raw for raw in reader.projects()] == [b'{"id": "x"}', b'{"id": "y"}']

    def test_projects_can_be_had_again(self) -> None:
        reader = open_package(PACKAGE % b'{"id": "x"}, {"id": "y"}')
        assert list(reader.projects()) == list(reader.projects())

    def test_bare_project(self) -> None:
        reader = open_package(b' {"id": "x", "title": "T"}\n')
        assert (reader.kind, reader.count, reader.shell) == ("project", 1, None)
        (raw,) = reader.projects()
        assert (raw.pointer, raw.raw) == ("", b'{"id": "x", "title": "T"}')

    def test_list(self) -> None:
        reader = open_package(b'[{"id": "x"},\n {"id": "y"}]')
        assert (reader.kind, reader.count) == ("list", 2)
        assert [raw.pointer for raw in reader.projects()] == ["/0", "/1"]

    def test_package_without_projects_is_a_package(self) -> None:
        reader = open_package(b'{"uri": "a", "publisher": {"name": "N"}}')
        assert (reader.kind, reader.has_projects, reader.count) == ("package", False, 0)

    @pytest.mark.parametrize("data", [b'{"projects": 5}', b'{"id": "x", "projects": {"a": 1}}'])
    def test_projects_of_another_type_stay_in_the_shell(self, data: bytes) -> None:
        reader = open_package(data)
        assert reader.kind == "package"
        assert "projects" in (reader.shell or {})

    def test_members_after_the_projects_belong_to_the_shell(self) -> None:
        reader = open_package(b'{"projects": [{"id": "x"}], "uri": "u"}')
        assert reader.shell == {"uri": "u"}

    @pytest.mark.parametrize(
        "wrap",
        [
            lambda data: data,
            lambda data: b"\xef\xbb\xbf" + data,
            gzip.compress,
            lambda data: gzip.compress(data[:20]) + gzip.compress(data[20:]),
            lambda data: gzip.compress(data) + b"\0" * 64,
            io.BytesIO,
            Trickle,
            lambda data: Trickle(gzip.compress(data)),
            bytearray,
            memoryview,
        ],
        ids=[
            "bytes",
            "bom",
            "gzip",
            "members",
            "padded",
            "file",
            "stream",
            "gzip stream",
            "bytearray",
            "memoryview",
        ],
    )
    def test_sources(self, wrap: Any) -> None:
        assert values(wrap(PACKAGE % '{"id": "ñandú 😀"}'.encode())) == [{"id": "ñandú 😀"}]

    def test_file_is_read_from_its_start(self) -> None:
        file = io.BytesIO(b'{"id": "x"}')
        file.read()
        assert values(file) == [{"id": "x"}]

    def test_projects_longer_than_a_window(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(reading.sources, "WINDOW", 64)
        monkeypatch.setattr(reading.sources, "IN_MEMORY", 0)
        projects = [
            {"id": str(n), "title": "x" * n, "n": [1.5, {"a": [True]}] * (n % 7)} for n in range(0, 400, 13)
        ]
        for indent in (None, 3):
            text = json.dumps({"uri": "u", "projects": projects, "version": "0.9"}, indent=indent)
            assert values(io.BytesIO(text.encode())) == projects

    def test_pointer(self) -> None:
        assert pointer(("projects", 0, "a/b~c")) == "/projects/0/a~1b~0c"


READABLE = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**70), 2**70)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\0")),
    lambda inside: (
        st.lists(inside, max_size=4)
        | st.dictionaries(
            st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\0")), inside, max_size=4
        )
    ),
    max_leaves=12,
)


class TestAgainstPython:
    """Python's own json is the witness."""

    @settings(max_examples=150, deadline=None)
    @given(
        st.lists(st.dictionaries(st.sampled_from(["id", "title", "a:b", 'q"', "\\"]), READABLE), max_size=4)
    )
    def test_same_values(self, projects: list[dict[str, Any]]) -> None:
        text = json.dumps({"uri": ":", "projects": projects}, indent=1 if len(projects) % 2 else None)
        assert values(text.encode()) == projects

    @settings(max_examples=200, deadline=None)
    @given(
        st.lists(st.sampled_from(['"a"', '"b"', '"\\u0061"', '":"', '"x:y"']), min_size=1, max_size=5),
        st.data(),
    )
    def test_repeated_names_are_always_seen(self, names: list[str], data: st.DataObject) -> None:
        worth = st.sampled_from(["1", '":"', '"\\u003a"', '"a\\":b"', '{"a": 1}', "[]", '"\\\\"'])
        gap = st.sampled_from(["", " ", "\n", "\t"])
        members = [f"{n}{data.draw(gap)}:{data.draw(gap)}{data.draw(worth)}" for n in names]
        text = '{"projects": [{' + ",".join(members) + "}]}"
        decoded = [json.loads(name) for name in names]
        if len(set(decoded)) < len(decoded):
            assert refusal(text.encode()).code == "read.duplicate_key"
        else:
            assert values(text.encode()) == json.loads(text)["projects"]

    @settings(max_examples=300, deadline=None)
    @given(st.data())
    def test_broken_anywhere_is_refused_or_read_alike(self, data: st.DataObject) -> None:
        good = b'{"uri": "u", "projects": [{"id": "a\\u00f1", "n": -1.5e3, "l": [true, null, {"k": "v"}]}], "z": 1}'
        at = data.draw(st.integers(0, len(good) - 1))
        byte = data.draw(st.sampled_from(list(b'{}[]",:\\ \n0eE-+.x\x00\x80\xc3u')))
        broken = good[:at] + bytes([byte]) + good[at + data.draw(st.integers(0, 1)) :]
        try:
            witness = json.loads(broken.decode("utf-8"), parse_constant=_refuse, object_pairs_hook=_unique)
        except (ValueError, RecursionError):
            witness = None
        try:
            found = values(broken)
        except Unreadable as error:
            assert error.code.startswith("read.")
            # shapes and U+0000 aside, only what Python refuses too
            assert witness is None or error.code in ("read.not_oc4ids", "read.nul", "read.scalar")
        else:
            assert witness is not None
            if isinstance(witness.get("projects"), list):
                assert found == witness["projects"]


def _refuse(_name: str) -> None:
    raise ValueError


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    if len({name for name, _ in pairs}) < len(pairs):
        raise ValueError
    return dict(pairs)


DEEP = b"[" * 100 + b"]" * 100


class TestRefusals:
    @pytest.mark.parametrize(
        ("data", "code"),
        [
            (b"", "empty"),
            (b" \n\t", "empty"),
            (b"\xef\xbb\xbf", "empty"),
            (b"{}", "not_oc4ids"),
            (b'{"foo": 1}', "not_oc4ids"),
            (b"12", "scalar"),
            (b'"text"', "scalar"),
            (b"null", "scalar"),
            (b'{"id": "x"}{"id": "y"}', "trailing_data"),
            (b'{"id": "x"} ;', "trailing_data"),
            (b'{"id": "x"}\n{"id": "y"}', "json_lines"),
            (b'{"id": "x"}\0\0', "nul"),
            (b"<!DOCTYPE html><html>", "html"),
            (b"  <html>", "html"),
            (b'<?xml version="1.0"?>', "xml"),
            (b"%PDF-1.7", "pdf"),
            (b"PK\x03\x04....xl/workbook.xml", "workbook"),
            (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "workbook"),
            (b"PK\x03\x04....a.json", "compressed"),
            (b"7z\xbc\xaf\x27\x1c", "compressed"),
            (b"\x89PNG\r\n", "image"),
            ('{"id": "x"}'.encode("utf-16"), "encoding_wide"),
            ('{"id": "x"}'.encode("utf-16-le"), "encoding_wide"),
            ('{"id": "x"}'.encode("utf-32"), "encoding_wide"),
            ('{"id": "ó"}'.encode("latin-1"), "encoding"),
            (b'{"\xe9": 1, "id": "x"}', "encoding"),
            (gzip.compress(b'{"id": "x"}')[:-6], "gzip_broken"),
            (gzip.compress(b'{"id": "x"}') + b"rest", "gzip_broken"),
            (gzip.compress(gzip.compress(b'{"id": "x"}')), "compressed"),
            (b'{"releases": [], "uri": "u"}', "ocds_release_package"),
            (b'{"records": [], "uri": "u"}', "ocds_record_package"),
            (b'{"ocid": "o", "tag": ["tender"], "id": "1"}', "ocds_release"),
            (b'{"ocid": "o", "compiledRelease": {}}', "ocds_record"),
            (b'[{"ocid": "o", "tag": ["tender"], "tender": {}}]', "ocds_release"),
            (b'[{"projects": []}]', "list_of_packages"),
            (b'{"type": "FeatureCollection", "features": []}', "geojson"),
            (b'{"help": "", "success": true, "result": {}}', "ckan_response"),
            (b'{"id": NaN}', "not_a_number"),
            (b'{"id": "x", "n": -Infinity}', "not_a_number"),
            (b'{"id": "x", "n": 1e400}', "number_range"),
            (b'{"id": "x", "n": ' + b"9" * 301 + b"}", "number_range"),
            (b'{"id": "x", "n": [-' + b"9" * 301 + b"]}", "number_range"),
            (b'{"id": "x", "n": ' + b"9" * 5000 + b"}", "number_range"),
            (b'{"id": "x", "t": "\\ud800"}', "surrogate"),
            (b'{"id": "x", "t": "\\ud800 and more text"}', "surrogate"),
            (b'{"id": "x", "t": "\\udc00\\ud800"}', "surrogate"),
            (b'{"id": "x", "\\ud800": 1}', "surrogate"),
            (b'{"id": "x", "t": "\\u0000"}', "nul"),
            (b'{"id": "x", "t": "a\x00b"}', "nul"),
            (b'{"id": "x", "t": "a\nb"}', "control_character"),
            (b'{"id": "x", "t": "\\x"}', "escape"),
            (b"{'id': 'x'}", "syntax"),
            (b'// note\n{"id": "x"}', "syntax"),
            (b"id;title\n1;2", "syntax"),
            (b'{"id": tru}', "syntax"),
            (b'{"id": 01}', "syntax"),
            (b'{"id": "x" "title": "y"}', "missing_comma"),
            (b'{"id": "x", "l": [1 2]}', "missing_comma"),
            (b'{"id": "x",}', "trailing_comma"),
            (b'{"id": "x", "l": [1,]}', "trailing_comma"),
            (b'{"id": "x"', "truncated"),
            (b'{"id": "x', "truncated"),
            (b'{"id": "x", "l": [1, {"a": ', "truncated"),
            (b"[", "truncated"),
            (b'{"id": "x", "id": "y"}', "duplicate_key"),
            (b'{"id": "x", "\\u0069d": "y"}', "duplicate_key"),
            (b'{"id": "x", "o": {"a": 1, "a" : 2}}', "duplicate_key"),
            (b'{"uri": "u", "projects": [], "projects": []}', "duplicate_key"),
            (b"[" * 100_000, "depth"),
            (b'{"a":' * 100_000, "depth"),
            (b'{"id": "x", "deep": ' + b"[" * 2000 + b"]" * 2000 + b"}", "depth"),
            (b'{"uri": "u", "projects": [], "deep": ' + DEEP + b"}", "depth"),
        ],
    )
    def test_code(self, data: bytes, code: str) -> None:
        assert refusal(data).code == f"read.{code}"

    @pytest.mark.parametrize(
        ("data", "line", "column"),
        [
            (b'{\n "id": "x",\n "t": NaN}', 3, 7),
            ('{\n "título": "ñ", "t": NaN}'.encode(), 2, 22),
            (b'{"uri": "u", "projects": [\n{"id": "x"},\n{"id": "x" "y"}]}', 3, 12),
            (b'{"uri": "u",\n"projects": [{"a": {"b": [1, {"c": 1,\n"c": 2}]}}]}', 3, 1),
            (b'\xef\xbb\xbf{"id": NaN}', 1, 8),
            ('{"id": "x",\n"t": "Código'.encode("latin-1") + b'"}', 2, 8),
            (b'{"id": "x"}\n\n  x', 3, 3),
        ],
    )
    def test_place(self, data: bytes, line: int, column: int) -> None:
        params = refusal(data).params
        assert (params["line"], params["column"]) == (line, column)

    def test_repeated_name_is_named_with_its_pointer(self) -> None:
        params = refusal(PACKAGE % b'{"id": "x"}, {"b": [0, {"c": 1, "c": 2}]}').params
        assert (params["key"], params["path"]) == ("c", "/projects/1/b/1/c")

    def test_depth_is_counted_from_the_start_of_the_file(self) -> None:
        # package, list, project and sixty-one lists are 64
        def nested(count: int) -> bytes:
            return PACKAGE % (b'{"id": "x", "deep": ' + b"[" * count + b"]" * count + b"}")

        reader = open_package(nested(61))
        (raw,) = reader.projects()
        reader.refuse(raw)
        reader = open_package(nested(62))
        (raw,) = reader.projects()
        with pytest.raises(Unreadable) as caught:
            reader.refuse(raw)
        assert caught.value.code == "read.depth"
        assert caught.value.params["limit"] == 64

    @pytest.mark.parametrize("number", ["9" * 300, "0." + "3" * 900, "1e308", "-0", "1E-400"])
    def test_numbers_other_readers_take(self, number: str) -> None:
        assert values(f'{{"id": "x", "n": {number}}}'.encode()) == [{"id": "x", "n": json.loads(number)}]

    @pytest.mark.parametrize("shift", range(0, 60, 7))
    def test_long_numbers_are_seen_wherever_they_stand(self, shift: int) -> None:
        data = b'{"id": "' + b"x" * shift + b'", "n": ' + b"1234567890" * 30 + b"1}"
        assert refusal(data).code == "read.number_range"

    def test_digits_inside_text_are_no_number(self) -> None:
        data = b'{"id": "' + b"9" * 1000 + b'"}'
        assert values(data) == [json.loads(data)]

    @pytest.mark.parametrize("text", ["\\\\u0000", "\\\\ud800", "\\ud83d\\ude00", "a:b", "\\u003a"])
    def test_what_only_looks_wrong_is_accepted(self, text: str) -> None:
        data = ('{"id": "' + text + '"}').encode()
        assert values(data) == [json.loads(data)]


class TestLimits:
    def test_file(self) -> None:
        data = PACKAGE % b'{"id": "x"}'
        for source in (
            data,
            io.BytesIO(data),
            Trickle(data),
            gzip.compress(data),
            Trickle(gzip.compress(data)),
        ):
            assert refusal(source, max_bytes=len(data) - 1).code == "read.too_large"
        assert values(data, max_bytes=len(data))

    def test_one_project(self, monkeypatch: pytest.MonkeyPatch) -> None:
        large = b'{"id": "' + b"x" * 5000 + b'"}'
        for data in (PACKAGE % large, large, b"[" + large + b"]"):
            assert refusal(data, max_project_bytes=4000).code == "read.project_too_large"
        monkeypatch.setattr(reading.sources, "WINDOW", 512)
        monkeypatch.setattr(reading.sources, "IN_MEMORY", 0)
        for data in (PACKAGE % large, large, b"[" + large + b"]"):
            assert refusal(io.BytesIO(data), max_project_bytes=4000).code == "read.project_too_large"

    def test_shell(self) -> None:
        data = b'{"uri": "' + b"x" * 5000 + b'", "projects": [{"id": "x"}]}'
        assert refusal(data, max_project_bytes=4000).code == "read.project_too_large"

    def test_projects(self) -> None:
        data = PACKAGE % b",".join([b"{}"] * 11)
        assert refusal(data, max_projects=10).code == "read.too_many_projects"
        assert len(values(data, max_projects=11)) == 11

    def test_bomb(self) -> None:
        # 160 MB of spaces in 160 kB
        bomb = gzip.compress(b" " * (160 << 20), 9)
        assert refusal(bomb).code == "read.gzip_ratio"

    def test_memory_is_that_of_a_window_and_a_project(self) -> None:
        project = b'{"id": "x", "title": "' + b"t" * 50_000 + b'"}'
        file = io.BytesIO(PACKAGE % b",".join([project] * 800))
        size = file.seek(0, io.SEEK_END)
        assert size > 40_000_000
        tracemalloc.start()
        try:
            reader = open_package(file)
            assert sum(1 for raw in reader.projects() if reader.parse(raw)) == 800
            _, peak = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
        assert peak < 8_000_000


def test_formats_are_a_table_a_second_reader_can_join(monkeypatch: pytest.MonkeyPatch) -> None:
    reader = reading.PackageReader()
    row = reading.formats.Format("mine", lambda head: head.startswith(b"MINE"), lambda source, options: reader)
    monkeypatch.setattr(reading.formats, "FORMATS", [row, *reading.formats.FORMATS])
    assert open_package(b"MINE...") is reader
