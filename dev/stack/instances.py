"""Instances: a portal's database, Solr core, Redis number, storage folder and configuration file.

Each named instance of each CKAN release has its own of everything, so that several people (or a
demo and a test run) work at the same time without meeting. The configuration is ``test.ini`` with
the instance's addresses in it.
"""

from __future__ import annotations

import configparser
import hashlib
import os
import re
import secrets
import shutil
from dataclasses import dataclass
from pathlib import Path

from . import services, state
from .places import INSTANCES, ROOT, venv
from .steps import fail, run, say, step

NAME = re.compile(r"[a-z][a-z0-9_]{0,30}")
#: Redis numbers 0 and 1 are left to whoever types an address by hand.
FIRST_REDIS_NUMBER = 2


@dataclass(frozen=True)
class Instance:
    """One portal: ``name`` of one CKAN ``release`` ("2.12")."""

    name: str
    release: str

    @property
    def key(self) -> str:
        """Its name in the state file and of its folder."""
        return f"{self.name}-{self.release}"

    @property
    def slug(self) -> str:
        """Its name as database and Solr core."""
        return f"oc4ids_{self.name}_{self.release.replace('.', '')}"

    @property
    def folder(self) -> Path:
        """Where its configuration and storage stand."""
        return INSTANCES / self.key

    @property
    def ini(self) -> Path:
        """Its configuration file."""
        return self.folder / "ckan.ini"

    @property
    def storage(self) -> Path:
        """Where its uploads stand."""
        return self.folder / "storage"

    @property
    def bin(self) -> Path:
        """The programs of its CKAN release."""
        return venv(self.release) / "bin"


def get(name: str, release: str) -> Instance:
    """Return the instance ``name``; fail when the name cannot name a database."""
    if not NAME.fullmatch(name):
        fail(f"INSTANCE={name} cannot be used: lower-case letters, digits and _, beginning with a letter.")
    return Instance(name, release)


def redis_number(instance: Instance) -> int:
    """Return the number of the instance's Redis database, choosing a free one the first time."""
    taken = set(state.load().get("redis_numbers", {}).values())

    def choose() -> int:
        free = (n for n in range(FIRST_REDIS_NUMBER, services.REDIS_NUMBERS) if n not in taken)
        number = next(free, None)
        if number is None:
            fail("All Redis numbers are taken: `make drop INSTANCE=…` those that nobody uses.")
        return number

    return int(state.remember("redis_numbers", instance.key, choose))


def settings(instance: Instance) -> dict[str, str]:
    """Return the settings that make ``test.ini`` this instance's configuration.

    ``PLUGINS`` in the environment stands in for the list of plugins, to try one without another.
    """
    plugins = os.environ.get("PLUGINS")
    secret = state.remember("secrets", instance.key, lambda: secrets.token_urlsafe(32))
    return {
        "ckan.site_id": instance.slug,
        "SECRET_KEY": secret,
        "beaker.session.secret": secret,
        "WTF_CSRF_SECRET_KEY": secret[::-1],
        "api_token.jwt.encode.secret": f"string:{secret}",
        "api_token.jwt.decode.secret": f"string:{secret}",
        "sqlalchemy.url": services.database_url(instance.slug),
        "solr_url": services.solr_url(instance.slug),
        "ckan.redis.url": services.redis_url(redis_number(instance)),
        "ckan.storage_path": str(instance.storage),
        **({"ckan.plugins": plugins} if plugins else {}),
    }


def write_ini(instance: Instance, extra: dict[str, str] | None = None) -> None:
    """Write the instance's configuration file, when it would differ from the one that is there."""
    parser = configparser.RawConfigParser(strict=True)
    parser.optionxform = str  # type: ignore[assignment,method-assign]
    parser.read(ROOT / "test.ini", encoding="utf-8")
    for key, value in {**settings(instance), **(extra or {})}.items():
        parser.set("app:main", key, value)
    for folder in (instance.folder, instance.storage):
        folder.mkdir(parents=True, exist_ok=True)
    draft = instance.folder / "ckan.ini.new"
    draft.touch(mode=0o600)
    with draft.open("w", encoding="utf-8") as out:
        parser.write(out)
    if instance.ini.exists() and instance.ini.read_bytes() == draft.read_bytes():
        draft.unlink()
    else:
        draft.replace(instance.ini)


def ckan(instance: Instance, *arguments: str, title: str, stdin: str | None = None) -> None:
    """Run the ``ckan`` command against the instance."""
    command: list[str | Path] = [instance.bin / "ckan", "-c", instance.ini, *arguments]
    run(title, command, log=f"ckan-{instance.key}", stdin=stdin)


def _migrations_fingerprint(instance: Instance) -> str:
    digest = hashlib.sha256(f"{instance.key} {state.recall('venvs', instance.release)}".encode())
    digest.update(os.environ.get("PLUGINS", "").encode())
    for path in sorted((ROOT / "ckanext").glob("*/migration/**/*.py")):
        digest.update(str(path.relative_to(ROOT)).encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()


def migrate(instance: Instance) -> None:
    """Bring the instance's tables, CKAN's and the plugins', to the newest version."""
    wanted = _migrations_fingerprint(instance)
    if state.recall("migrated", instance.key) == wanted:
        return
    ckan(instance, "db", "upgrade", title=f"making the tables of {instance.key}, CKAN's and the plugins'")
    state.store("migrated", instance.key, wanted)


def _has_removed_revision(instance: Instance) -> bool:
    """Tell whether a plugin's tables are of a revision that this checkout has no file of."""
    for folder in sorted((ROOT / "ckanext").glob("*/migration")):
        plugin = folder.parent.name
        table = f"{plugin}_alembic_version"
        if services.sql(f"SELECT to_regclass('{table}') IS NULL", instance.slug) == "t":
            continue
        revision = services.sql(f"SELECT version_num FROM {table}", instance.slug)  # noqa: S608 - our own names
        if revision and not list((folder / plugin / "versions").glob(f"{revision}_*.py")):
            return True
    return False


def ckan_schema(instance: Instance) -> Path:
    """Return the path of the Solr schema that the instance's CKAN ships."""
    found = list((venv(instance.release) / "lib").glob("python3*/site-packages/ckan/config/solr/schema.xml"))
    if not found:
        fail(f"CKAN {instance.release} is not installed: run `make install CKAN={instance.release}`.")
    return found[0]


def prepare(instance: Instance, extra: dict[str, str] | None = None, *, keep: bool = True) -> None:
    """Give the instance its database, core, Redis number, storage, configuration and tables.

    :param extra: settings beside those of :func:`settings`.
    :param keep: whether what is in the database is worth keeping when migrations have changed; if not, the
        database is made anew, so that a migration that was written again cannot leave the old one's tables.
    """
    if not keep and state.recall("migrated", instance.key) != _migrations_fingerprint(instance):
        services.drop_database(instance.slug)
    if services.make_database(instance.slug):
        state.forget("migrated", instance.key)
    elif _has_removed_revision(instance):
        say(f"  {instance.key} was made by migrations that are no longer here: it is removed and made again")
        drop(instance)
        services.make_database(instance.slug)
    services.make_core(instance.slug, ckan_schema(instance))
    write_ini(instance, extra)
    migrate(instance)


def sweep(instance: Instance) -> None:
    """Remove what an earlier test run may have left waiting: jobs, sessions, uploads."""
    services.ask_redis(redis_number(instance), "FLUSHDB")
    shutil.rmtree(instance.storage, ignore_errors=True)
    instance.storage.mkdir(parents=True)


def drop(instance: Instance) -> None:
    """Remove all that the instance has."""
    with step(f"removing the instance {instance.key}"):
        services.drop_database(instance.slug)
        services.drop_core(instance.slug)
        number = state.recall("redis_numbers", instance.key)
        if number is not None:
            services.ask_redis(int(number), "FLUSHDB")
        shutil.rmtree(instance.folder, ignore_errors=True)
        for section in ("redis_numbers", "secrets", "migrated", "demo"):
            state.forget(section, instance.key)
