"""Packages out of raw projects, pure: valid, streamed, closed."""

from __future__ import annotations

import datetime as dt
import gzip
import json
from collections.abc import Iterator

import pytest
from support import generate

from ckanext.cost_oc4ids.oc4ids import package

MOMENT = dt.datetime(2026, 3, 1, 12, 30, 15, 999, tzinfo=dt.timezone(dt.timedelta(hours=-5)))
PUBLISHER = package.Publisher('Alcaldía "de" Cali', "https://www.cali.gov.co", "CO-RUE", "890399011")


def head(**other: str) -> bytes:
    return package.package_head("https://example.org/oc4ids/projects.json", MOMENT, PUBLISHER, **other)


def whole(*projects: bytes) -> bytes:
    return b"".join(package.stream_package(head(), projects))


def test_says_what_the_standard_asks() -> None:
    made = json.loads(
        b"".join(
            package.stream_package(
                head(licence="https://l", policy="https://p"), [b'{"id": "a"}', b'{"id": "b"}']
            )
        )
    )
    assert made == {
        "uri": "https://example.org/oc4ids/projects.json",
        "version": "0.9",
        "publishedDate": "2026-03-01T12:30:15-05:00",
        "publisher": {
            "name": 'Alcaldía "de" Cali',
            "scheme": "CO-RUE",
            "uid": "890399011",
            "uri": "https://www.cali.gov.co",
        },
        "license": "https://l",
        "publicationPolicy": "https://p",
        "projects": [{"id": "a"}, {"id": "b"}],
    }


def test_leaves_out_what_is_not_known() -> None:
    made = json.loads(
        b"".join(
            package.stream_package(package.package_head("https://x", MOMENT, package.Publisher("P")), [b"{}"])
        )
    )
    assert made["publisher"] == {"name": "P"}
    assert not {"license", "publicationPolicy"} & set(made)


def test_utc_is_written_with_z_and_no_zone_is_refused() -> None:
    utc = MOMENT.astimezone(dt.timezone.utc)
    assert b'"publishedDate": "2026-03-01T17:30:15Z"' in package.package_head("https://x", utc, PUBLISHER)
    with pytest.raises(ValueError, match="zone"):
        package.package_head("https://x", MOMENT.replace(tzinfo=None), PUBLISHER)


def test_projects_go_through_letter_by_letter() -> None:
    text = b'{"id" : "a",\n "n": 1.50000000000000000001e2}'
    assert text in whole(text)


@pytest.mark.parametrize("count", [1, 2, 50])
def test_the_package_of_generated_projects_is_json(count: int) -> None:
    projects = [generate.encode(one) for one in generate.projects(count, "small")]
    assert [one["id"] for one in json.loads(whole(*projects))["projects"]] == [
        json.loads(one)["id"] for one in projects
    ]


def test_the_head_goes_out_before_the_first_project_is_read() -> None:
    def never() -> Iterator[bytes]:
        raise AssertionError("read too early")
        yield b""

    for stream in (
        package.stream_package(head(), never()),
        package.gzip_stream(package.stream_package(head(), never())),
    ):
        assert next(stream)


def test_memory_is_that_of_a_chunk() -> None:
    sizes = [len(chunk) for chunk in package.stream_package(head(), (b"x" * 10_000 for _ in range(500)))]
    assert max(sizes) <= package.CHUNK + 20_000


@pytest.mark.parametrize("read", [1, 2])
def test_a_reader_that_leaves_closes_the_source(read: int) -> None:
    closed = []

    def source() -> Iterator[bytes]:
        try:
            while True:
                yield b"x" * package.CHUNK
        finally:
            closed.append(True)

    stream = package.gzip_stream(package.stream_package(head(), source()))
    for _ in range(read + 1):
        next(stream)
    stream.close()
    assert closed == [True]


def test_gzip_is_the_same_package() -> None:
    projects = [generate.encode(one) for one in generate.projects(20, "small")]
    assert gzip.decompress(b"".join(package.gzip_stream(package.stream_package(head(), projects)))) == whole(
        *projects
    )
