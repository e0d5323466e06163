"""What pyproject.toml cannot say: packages, data files, and translations compiled while building."""

from __future__ import annotations

from pathlib import Path

from setuptools import find_namespace_packages, setup
from setuptools.command.build_py import build_py

HERE = Path(__file__).parent
#: What each plugin carries beside its code. ``schemas`` and ``i18n`` are links to the folders at the top.
DATA = [
    "*.yaml",
    "templates/**/*",
    "assets/**/*",
    "public/**/*",
    "migration/**/*",
    "schemas/**/*",
    "i18n/*/LC_MESSAGES/*.[pm]o",
]


def compile_translations() -> None:
    """Write a ``.mo`` beside each ``.po`` that is newer than it."""
    from babel.messages.mofile import write_mo
    from babel.messages.pofile import read_po

    for po in HERE.glob("ckanext/*/i18n/*/LC_MESSAGES/*.po"):
        mo = po.with_suffix(".mo")
        if mo.exists() and mo.stat().st_mtime >= po.stat().st_mtime:
            continue
        with po.open("rb") as source:
            catalogue = read_po(source, locale=po.parts[-3])
        with mo.open("wb") as target:
            write_mo(target, catalogue)


class BuildPy(build_py):
    """``build_py`` that compiles translations first, for wheels and for editable installs."""

    def run(self) -> None:
        compile_translations()
        super().run()


if __name__ == "__main__":
    setup(
        packages=find_namespace_packages(include=["ckanext.*"]),
        package_data={
            "ckanext.cost_common": DATA,
            "ckanext.cost_oc4ids": DATA,
            "ckanext.ogp_plan": DATA,
        },
        include_package_data=False,
        cmdclass={"build_py": BuildPy},
    )
