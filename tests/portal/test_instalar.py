"""The commands of ``docs/instalar.md``, executed as written against a portal that knows nothing of us.

The portal is what ``ckan generate config`` makes, with a database, Solr core and Redis number of its
own and CKAN in a virtual environment without this checkout. Blocks marked ``prueba`` run in the
order of the page; the one marked ``adaptar`` is the one that readers adapt, and so does the test.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
DOCUMENT = ROOT / "docs" / "instalar.md"
BLOCK = re.compile(
    r"^```(?P<kind>\S+) (?P<mark>prueba\S*|adaptar)\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL
)

sys.path.insert(0, str(ROOT / "dev"))
stack = pytest.importorskip("stack", reason="runs from a checkout with its dev/ folder")
from stack import instances, services, state  # noqa: E402


@dataclass
class Block:
    """One block of commands, with the heading under which it stands."""

    section: str
    mark: str
    text: str


def blocks() -> list[Block]:
    """Return the marked blocks of the document in order."""
    text = DOCUMENT.read_text(encoding="utf-8")
    found = []
    for match in BLOCK.finditer(text):
        heading = re.findall(r"^## (.+)$", text[: match.start()], re.MULTILINE)[-1]
        found.append(Block(heading, match["mark"], match["text"]))
    return found


def commands(section: str) -> list[str]:
    """Return the shell blocks to be executed under a heading that ends with ``section``."""
    found = [b.text for b in blocks() if b.section.endswith(section) and b.mark == "prueba"]
    assert found, f"docs/instalar.md has no commands under “{section}”"
    return found


@dataclass
class Portal:
    """A portal that already exists, with its own Python and configuration."""

    venv: Path
    ini: Path
    wheels: Path
    database: str

    @property
    def environment(self) -> dict[str, str]:
        """What ``adaptar`` sets up, and where pip finds the distribution that is not yet published."""
        clean = {
            k: v for k, v in os.environ.items() if not k.startswith(("CKAN", "PYTHON", "PIP_", "VIRTUAL_ENV"))
        }
        return {
            **clean,
            "PATH": f"{self.venv / 'bin'}:{os.environ['PATH']}",
            "CKAN_INI": str(self.ini),
            "PIP_FIND_LINKS": str(self.wheels),
            "PIP_DISABLE_PIP_VERSION_CHECK": "1",
        }

    def shell(self, text: str) -> str:
        """Run a block as a person would type it; the test fails where any of its lines does."""
        done = subprocess.run(
            ["bash", "-e", "-o", "pipefail", "-c", text],
            env=self.environment, cwd="/", capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert done.returncode == 0, (
            f"{text}\nended with {done.returncode}:\n{done.stdout[-3000:]}\n{done.stderr[-6000:]}"
        )
        return done.stdout

    def python(self, program: str) -> str:
        """Run a program with the portal's application at hand as ``app`` (a test client)."""
        head = (
            "import os\nfrom ckan.cli import CKANConfigLoader\nfrom ckan.config.middleware import make_app\n"
            "import ckan.plugins.toolkit as tk, ckan.model as model\n"
            "application = make_app(CKANConfigLoader(os.environ['CKAN_INI']).get_config())\n"
            "from werkzeug.test import Client\n"
            "app = Client(application)\n"
        )
        done = subprocess.run(
            [str(self.venv / "bin" / "python"), "-c", head + program],
            env=self.environment, cwd="/", capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert done.returncode == 0, f"{program}\n{done.stdout[-2000:]}\n{done.stderr[-6000:]}"
        return done.stdout

    def tables(self) -> set[str]:
        """Return the names of our tables."""
        rows = services.sql(
            "SELECT tablename FROM pg_tables WHERE tablename LIKE 'oc4ids%' OR tablename LIKE 'cost_oc4ids%' "
            "OR tablename LIKE 'ogp\\_%'",
            self.database,
        )
        return set(rows.split())


def _environment_without_us(target: Path) -> None:
    """Make a virtual environment with this one's CKAN, without our plugins and what they brought."""
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(target)], check=True)
    here = next((Path(sys.prefix) / "lib").glob("python3*")) / "site-packages"
    there = next((target / "lib").glob("python3*")) / "site-packages"
    shutil.rmtree(there)
    copied = subprocess.run(["cp", "-al", str(here), str(there)], capture_output=True, check=False)
    if copied.returncode != 0:  # another file system, where files cannot be linked
        shutil.rmtree(there, ignore_errors=True)
        shutil.copytree(here, there, symlinks=True)
    for name in ("ckan", "pip"):
        text = (Path(sys.prefix) / "bin" / name).read_text(encoding="utf-8")
        program = target / "bin" / name
        program.write_text(text.replace(sys.prefix, str(target)), encoding="utf-8")
        program.chmod(0o755)
    pip = [str(target / "bin" / "pip"), "uninstall", "-y", "-q"]
    brought = [
        "ckanext-scheming",
        "jsonschema-rs",
        "holidays",
        "icalendar",
        "openpyxl",
        "python-docx",
        "segno",
    ]
    ours = ["ckanext-cost-oc4ids", *brought]
    subprocess.run([*pip, *ours], check=True, capture_output=True)


def _release() -> str:
    from ckan import __version__

    return ".".join(__version__.split(".")[:2])


@pytest.fixture(scope="module")
def portal(tmp_path_factory: pytest.TempPathFactory, wheel: Path) -> Iterator[Portal]:
    """A portal as ``ckan generate config`` makes it, with its core tables."""
    folder = tmp_path_factory.mktemp("portal")
    instance = instances.get("instalar", _release())
    if state.recall("ports", "solr") is None:
        pytest.fail("the services of this checkout are not running: use `make test-portal`")
    _environment_without_us(folder / "venv")
    found = Portal(folder / "venv", folder / "ckan.ini", wheel.parent, instance.slug)
    with state.alone():
        services.start()
        instances.drop(instance)
        services.make_database(instance.slug)
        services.make_core(instance.slug, instances.ckan_schema(instance))
        settings = instances.settings(instance)
    wanted = {
        **{key: settings[key] for key in ("sqlalchemy.url", "solr_url", "ckan.redis.url", "ckan.site_id")},
        "ckan.storage_path": str(folder / "storage"),
        "ckan.site_url": "http://portal.example.org",
        "ckan.plugins": "activity text_view image_view",
    }
    found.shell('ckan generate config "$CKAN_INI"')
    arguments = " ".join(f"'{key} = {value}'" for key, value in wanted.items())
    found.shell(f'ckan config-tool "$CKAN_INI" {arguments}')
    found.shell("ckan db upgrade")
    yield found
    with state.alone():
        instances.drop(instance)


def test_the_page_has_what_the_test_looks_for() -> None:
    marks = [block.mark for block in blocks()]
    assert marks.count("adaptar") == 1
    assert marks.count("prueba-trabajador") == 1
    assert marks.count("prueba-cron") == 1
    adaptable = next(block.text for block in blocks() if block.mark == "adaptar")
    assert "export CKAN_INI=" in adaptable


@pytest.mark.in_order
@pytest.mark.usefixtures("portal")
class TestTheLifeOfAnInstallation:
    """One after another, as on the page: install, work, upgrade, uninstall."""

    def test_install(self, portal: Portal) -> None:
        for section in ("Instalar el paquete", "Activar los plugins", "Crear las tablas"):
            for block in commands(section):
                portal.shell(block)
        made = portal.tables() - {"cost_oc4ids_alembic_version", "ogp_plan_alembic_version"}
        assert {"oc4ids_resource", "oc4ids_project", "ogp_plan", "ogp_event", "ogp_cut"} <= made
        counted = [sum(name.startswith(prefix) for name in made) for prefix in ("oc4ids_", "ogp_")]
        assert counted == [9, 15], "the page says how many tables there are"
        ini = portal.ini.read_text(encoding="utf-8")
        assert "activity text_view image_view cost_oc4ids ogp_plan cost_common scheming_datasets\n" in ini
        assert "oc4ids_view" in ini

    def test_check(self, portal: Portal) -> None:
        for block in commands("Reiniciar y comprobar"):
            portal.shell(block)
        answer = portal.python(
            "for page in ('/', '/dataset/', '/infraestructura', '/oc4ids/validar', '/planes'):\n"
            "    print(page, app.get(page).status_code)\n"
            "loaded = app.get('/api/3/action/status_show').json['result']['extensions']\n"
            "print({'cost_oc4ids', 'ogp_plan', 'cost_common'} <= set(loaded))\n"
        )
        assert answer.split() == [
            "/", "200", "/dataset/", "200", "/infraestructura", "200", "/oc4ids/validar", "200",
            "/planes", "200", "True",
        ]  # fmt: skip

    def test_the_options_can_be_listed(self, portal: Portal) -> None:
        listed = portal.shell("ckan config declaration cost_oc4ids")
        assert "ckanext.cost_oc4ids.guard" in listed
        assert "ckanext.cost_oc4ids.page_size" in listed
        assert "ckanext.ogp_plan.timezone" in portal.shell("ckan config declaration ogp_plan")

    def test_publish_something(self, portal: Portal) -> None:
        (sample,) = ROOT.glob("dev/sample/buenos/dagma.json")
        portal.python(
            "import io\n"
            "from werkzeug.datastructures import FileStorage\n"
            "site = {'ignore_auth': True}\n"
            "with application._wsgi_app.test_request_context():\n"
            "    user = tk.get_action('get_site_user')(site, {})['name']\n"
            "    by = lambda: {'user': user, 'ignore_auth': True}\n"
            "    org = tk.get_action('organization_create')(by(), {'name': 'dagma'})\n"
            "    data = {'name': 'parques', 'title': 'Parques', 'type': 'oc4ids', 'owner_org': org['id'],\n"
            "            'notes': 'Parques', 'license_id': 'cc-by'}\n"
            "    package = tk.get_action('package_create')(by(), data)\n"
            f"    content = open({str(sample)!r}, 'rb').read()\n"
            "    upload = FileStorage(io.BytesIO(content), filename='dagma.json')\n"
            "    uri = 'https://standard.open-contracting.org/infrastructure/schema/0__9__5/project-package-schema.json'\n"
            "    row = {'package_id': package['id'], 'name': 'Proyectos', 'conforms_to': uri, 'upload': upload,\n"
            "           'url': 'dagma.json', 'format': 'JSON'}\n"
            "    tk.get_action('resource_create')(by(), row)\n"
        )
        assert int(services.sql("SELECT count(*) FROM oc4ids_project", portal.database)) > 0
        answer = portal.python(
            "package = app.get('/oc4ids/projects.json').json\n"
            "print(len(package['projects']), package['publisher']['name'])\n"
        )
        assert answer.strip() == "2 Alcaldía de Santiago de Cali"

    def test_a_plan_is_read_applied_and_cut(self, portal: Portal) -> None:
        (document,) = ROOT.glob("dev/sample/planes/cost-2026.xlsx")
        read = f'ckan ogp-plan import "{document}" --family cost --name plan-cost --owner dagma'
        portal.shell(f"{read} --apply")
        assert (
            services.sql("SELECT version FROM ogp_plan WHERE name = 'plan-cost'", portal.database).strip()
            == "1"
        )
        assert "plan-cost" in portal.shell("ckan ogp-plan cut list")

    def test_the_worker_line_works(self, portal: Portal) -> None:
        (block,) = [block for block in blocks() if block.mark == "prueba-trabajador"]
        (line,) = re.findall(r"^command=(.+)$", block.text, re.MULTILINE)
        portal.shell(_here(line, portal) + " --burst")

    def test_the_cron_lines_work(self, portal: Portal) -> None:
        (block,) = [block for block in blocks() if block.mark == "prueba-cron"]
        lines = [line.split(None, 6) for line in block.text.splitlines() if line.strip()]
        assert [line[5] for line in lines] == ["www-data"] * len(lines)
        # the page asks for it where reminders are on
        portal.shell('ckan config-tool $CKAN_INI "smtp.mail_from = portal@example.org"')
        for line in lines:
            portal.shell(_here(line[6], portal))

    def test_upgrade(self, portal: Portal) -> None:
        for block in commands("Actualizar a una versión nueva"):
            portal.shell(block)

    def test_uninstall_leaves_a_working_portal_and_the_data(self, portal: Portal) -> None:
        for block in commands("Desinstalar"):
            portal.shell(block)
        assert portal.tables() <= {"cost_oc4ids_alembic_version", "ogp_plan_alembic_version"}
        ini = portal.ini.read_text(encoding="utf-8")
        assert not re.search(
            r"^(?!#).*(oc4ids_view|cost_oc4ids|ogp_plan|cost_common|scheming)(?!.*_2\d\d)",
            _settings_only(ini),
            re.MULTILINE,
        )
        answer = portal.python(
            "for page in ('/', '/dataset/', '/dataset/parques'):\n"
            "    print(page, app.get(page).status_code)\n"
            "found = app.get('/api/3/action/package_show?id=parques').json['result']\n"
            "print(found['type'], app.get('/api/3/action/package_search?q=parques').json['result']['count'])\n"
            "print(app.get(found['resources'][0]['url'].replace('http://portal.example.org', '')).status_code)\n"
            "print(app.get('/infraestructura').status_code, app.get('/planes').status_code)\n"
        )
        assert answer.split() == [
            "/", "200", "/dataset/", "200", "/dataset/parques", "200", "dataset", "1", "200", "404", "404",
        ]  # fmt: skip


def _settings_only(ini: str) -> str:
    """Return the lines of a configuration that this test did not write addresses into."""
    ours = ("sqlalchemy.url", "solr_url", "ckan.site_id", "ckan.redis.url", "ckan.storage_path")
    return "\n".join(line for line in ini.splitlines() if not line.startswith(ours))


def _here(line: str, portal: Portal) -> str:
    """Return a command of the page with this portal's places instead of the package's."""
    adapted = line.replace("/usr/lib/ckan/default", str(portal.venv)).replace(
        "/etc/ckan/default/ckan.ini", str(portal.ini)
    )
    assert adapted != line
    return adapted
