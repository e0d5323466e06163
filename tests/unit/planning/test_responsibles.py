"""Names of organismos as plans write them."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from ckanext.ogp_plan.planning import data
from ckanext.ogp_plan.planning.responsibles import Directory

CODES = {
    "dagma": "4133", "datic": "4134", "secretaria-de-educacion": "4143", "secretaria-de-salud-publica": "4145",
    "secretaria-de-bienestar-social": "4146", "secretaria-de-cultura": "4148", "secretaria-de-infraestructura": "4151",
    "secretaria-de-movilidad": "4152", "secretaria-de-seguridad-y-justicia": "4161",
    "secretaria-del-deporte-y-la-recreacion": "4162", "secretaria-de-paz-y-cultura-ciudadana": "4164",
    "secretaria-de-desarrollo-economico": "4171", "secretaria-de-turismo": "4172",
    "secretaria-de-desarrollo-territorial-y-participacion-ciudadana": "4173", "uae-servicios-publicos": "4182",
}  # fmt: skip


@pytest.fixture(scope="module")
def directory() -> Directory:
    return Directory.load()


def shown(directory: Directory, printed: str) -> list[str]:
    return [
        one.group or "/".join(filter(None, (one.organization, one.unit))) or f"?{one.unknown}"
        for one in directory.read(printed).assignments
    ]


def test_codes_are_those_of_the_source_and_no_other(directory: Directory) -> None:
    assert directory.codes() == CODES
    assert directory.organismos["dadii"]["code"] is None


def test_ids_agree_with_the_demo() -> None:
    demo = yaml.safe_load((data.SCHEMAS / "cali" / "organismos.yaml").read_text(encoding="utf-8"))["organismos"]
    ours = Directory.load().organismos
    shared = {one["name"]: one["title"] for one in demo if one["name"] in ours}
    assert {"dagma", "planeacion", "secretaria-de-infraestructura", "secretaria-de-movilidad"} <= set(shared)
    assert all(ours[name]["title"] == title for name, title in shared.items())


@pytest.mark.parametrize(
    ("printed", "expected"),
    [
        ("DATIC", ["datic"]),
        ("  secretaria de MOVILIDAD. ", ["secretaria-de-movilidad"]),
        ("Secretaría de Movilidad / DATIC", ["secretaria-de-movilidad", "datic"]),
        ("Secretaría de Movilidad y DATIC /", ["secretaria-de-movilidad", "datic"]),
        ("Secretaría de Movilidad. Secretaría de Cultura.", ["secretaria-de-movilidad", "secretaria-de-cultura"]),
        (
            "Departamento Administrativo de Desarrollo e Innovación Institucional / Subdirección de Talento Humano",
            ["dadii/talento-humano"],
        ),
        ("Oficina de Comunicaciones", ["secretaria-de-gobierno/oficina-de-comunicaciones"]),
        ("DATIC y todos los organismos", ["datic", "organismos-y-unidades-especiales-2022"]),
        ("Organismos no misionales", ["organismos-no-misionales-2022"]),
        ("Oficina de Participación", ["?Oficina de Participación"]),
        ("DATIC y Junta de Vecinos", ["datic", "?junta de vecinos"]),
        ("Junta A / Junta B", ["?Junta A", "?Junta B"]),
        ("DATIC DATIC", ["datic"]),
        (" / ", []),
        ("", []),
    ],
)
def test_names(directory: Directory, printed: str, expected: list[str]) -> None:
    assert shown(directory, printed) == expected


def test_a_name_inside_a_word_is_no_name(directory: Directory) -> None:
    assert shown(directory, "DATICA") == ["?DATICA"]


def test_a_wrong_file_says_what_is_wrong(tmp_path: Path) -> None:
    path = tmp_path / "responsables.yaml"
    path.write_text("organismos: [{code: 1}]", encoding="utf-8")
    with pytest.raises(data.DataError, match="id"):
        Directory.load(path)
    path.write_text("organismos: [", encoding="utf-8")
    with pytest.raises(data.DataError):
        Directory.load(path)
