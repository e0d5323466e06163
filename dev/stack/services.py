"""PostgreSQL, Redis and Solr of this checkout: on loopback ports of their own, ended when we say so.

No service of the machine itself is used or touched.
"""

from __future__ import annotations

import glob
import hashlib
import json
import os
import secrets
import shutil
import signal
import socket
import subprocess
import tempfile
import urllib.error
import urllib.parse
import urllib.request
from pathlib import Path

from . import processes, state
from .places import CHECKOUT_ID, DEV, LOGS, RUN, cache, is_root, postgres_home
from .steps import answer, fail, run, step

SOLR_VERSION = "9.8.1"
SOLR_HOME = RUN / "solr"
REDIS_NUMBERS = 128
#: The file in a cluster that says which checkout's state it belongs to.
CLUSTER_KEY = "checkout.key"


def _answers(port: int) -> bool:
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=1):
            return True
    except OSError:
        return False


# PostgreSQL


def _postgres_bin(name: str) -> Path:
    found = sorted(glob.glob(f"/usr/lib/postgresql/*/bin/{name}"), key=lambda path: int(path.split("/")[4]))
    if not found:
        fail("PostgreSQL is not installed: run `make install`.")
    return Path(found[-1])


def _postgres_user() -> str | None:
    return "postgres" if is_root() else None


def _is_ours(home: Path) -> bool:
    """Return whether the cluster is the one that this checkout remembers making, whole.

    As root the cluster stands outside of the checkout. One may be left there by a checkout that
    stood at the same place before: its passwords went with its ``.run``, and nobody can enter it.
    """
    key = state.recall("clusters", "postgres")
    sign = home / CLUSTER_KEY
    return key is not None and sign.exists() and sign.read_text() == key


def _remove_cluster(home: Path) -> None:
    """Remove a cluster that nobody can enter any more, ending its server should it still run."""
    with step(f"removing the databases of an earlier checkout, whose .run is gone ({home})"):
        processes.end_server(home / "postmaster.pid", naming=str(home), how=signal.SIGINT)
        shutil.rmtree(home)
    for section in ("migrated", "demo"):
        state.forget(section)


def _make_cluster(home: Path) -> None:
    if home.exists():
        _remove_cluster(home)
    home.parent.mkdir(parents=True, exist_ok=True)
    owner = _postgres_user()
    home.mkdir(mode=0o700)
    with tempfile.NamedTemporaryFile("w", dir="/tmp", prefix="oc4ids-") as secret:  # noqa: S108 - read at once, mode 600
        secret.write(state.password("postgres"))
        secret.flush()
        if owner:
            shutil.chown(home, owner, owner)
            shutil.chown(secret.name, owner, owner)
        command: list[str | Path] = [
            _postgres_bin("initdb"), "--pgdata", home, "--username", "postgres", "--auth", "scram-sha-256",
            "--pwfile", secret.name, "--encoding", "UTF8", "--locale", "C.UTF-8",
        ]  # fmt: skip
        if owner:
            command = ["runuser", "-u", owner, "--", *command]
        run("making a PostgreSQL cluster of our own", command, log="initdb", cwd=Path("/"))
    # Last, so that a cluster half made is made anew.
    key = secrets.token_hex(16)
    (home / CLUSTER_KEY).write_text(key)
    state.store("clusters", "postgres", key)


def start_postgres() -> None:
    """Start our cluster, making it the first time."""
    running = processes.pid_of("postgres") is not None
    port = state.port("postgres", running)
    if running:
        return
    home = postgres_home()
    if not _is_ours(home):
        _make_cluster(home)
    # What is in it can be made again at any time, so it need not survive the machine's fall:
    # that is worth half the time of the tests. Compiling statements takes longer than the short ones that we
    # send take: without it the tests of plans take a fifth less.
    settings = {
        "port": port,
        "listen_addresses": "127.0.0.1",
        "unix_socket_directories": "",
        "fsync": "off",
        "synchronous_commit": "off",
        "full_page_writes": "off",
        "jit": "off",
        "shared_buffers": "256MB",
        "max_connections": 200,
    }
    command: list[str | Path] = [_postgres_bin("postgres"), "-D", home]
    for key, value in settings.items():
        command += ["-c", f"{key}={value}"]
    with step(f"starting PostgreSQL on port {port}"):
        processes.start(
            "postgres", command, ready=lambda: _database_answers(port), user=_postgres_user(), cwd=Path("/")
        )


def _psql_environment() -> dict[str, str]:
    return {**os.environ, "PGPASSWORD": state.password("postgres")}


def _database_answers(port: int) -> bool:
    command = [str(_postgres_bin("pg_isready")), "-q", "-h", "127.0.0.1", "-p", str(port), "-t", "2"]
    return subprocess.run(command, check=False).returncode == 0


def sql(statement: str, database: str = "postgres") -> str:
    """Run one statement as the cluster's owner and return its rows as text."""
    port = state.port("postgres", running=True)
    command = [
        "psql", "-X", "-A", "-t", "-q", "-v", "ON_ERROR_STOP=1", "-h", "127.0.0.1", "-p", str(port),
        "-U", "postgres", "-d", database, "-c", statement,
    ]  # fmt: skip
    return answer(command, env=_psql_environment())


def make_database(name: str) -> bool:
    """Create the database ``name`` and the role that owns it; return whether it was not there."""
    if sql("SELECT 1 FROM pg_roles WHERE rolname = 'ckan'") != "1":
        sql(f"CREATE ROLE ckan LOGIN PASSWORD '{state.password('ckan')}'")
    if sql(f"SELECT 1 FROM pg_database WHERE datname = '{name}'") == "1":  # noqa: S608 - our own names
        return False
    sql(f"CREATE DATABASE {name} OWNER ckan")
    return True


def drop_database(name: str) -> None:
    """Drop the database ``name``, whoever is connected."""
    sql(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")


def database_url(name: str) -> str:
    """Return the address of the database ``name`` for SQLAlchemy."""
    port = state.port("postgres", running=True)
    return f"postgresql://ckan:{state.password('ckan')}@127.0.0.1:{port}/{name}"


# Redis


def start_redis() -> None:
    """Start our Redis."""
    running = processes.pid_of("redis") is not None
    port = state.port("redis", running)
    if running:
        return
    folder = RUN / "redis"
    folder.mkdir(parents=True, exist_ok=True)
    settings = folder / "redis.conf"
    settings.touch(mode=0o600)
    settings.write_text(
        f"port {port}\nbind 127.0.0.1\ndatabases {REDIS_NUMBERS}\ndir {folder}\nsave 300 1\n"
        f"requirepass {state.password('redis')}\n"
    )
    with step(f"starting Redis on port {port}"):
        processes.start("redis", ["redis-server", settings], ready=lambda: _answers(port))


def redis_url(number: int) -> str:
    """Return the address of one numbered Redis database."""
    port = state.port("redis", running=True)
    return f"redis://:{state.password('redis')}@127.0.0.1:{port}/{number}"


def ask_redis(number: int, *words: str) -> str:
    """Send one command to a numbered Redis database and return what it answers."""
    port = state.port("redis", running=True)
    command = ["redis-cli", "-e", "-h", "127.0.0.1", "-p", str(port), "-n", str(number), *words]
    return answer(command, env={**os.environ, "REDISCLI_AUTH": state.password("redis")})


# Solr


def solr_library() -> Path:
    """Return the folder of Solr's jars, downloaded with Maven the first time."""
    pom = DEV / "solr" / "pom.xml"
    library = cache() / f"solr-{SOLR_VERSION}-{hashlib.sha256(pom.read_bytes()).hexdigest()[:8]}"
    if library.exists():
        return library
    library.parent.mkdir(parents=True, exist_ok=True)
    draft = Path(tempfile.mkdtemp(dir=library.parent, prefix="solr-"))
    command: list[str | Path] = [
        "mvn", "-B", "-f", pom, "dependency:copy-dependencies",
        f"-DoutputDirectory={draft}",
    ]  # fmt: skip
    run(f"downloading Solr {SOLR_VERSION} with Maven (83 MB)", command, log="maven")
    if library.exists():
        shutil.rmtree(draft)
    else:
        draft.chmod(0o755)
        draft.rename(library)
    return library


def start_solr() -> None:
    """Start our Solr."""
    running = processes.pid_of("solr") is not None
    port = state.port("solr", running)
    if running:
        return
    library = solr_library()
    SOLR_HOME.mkdir(parents=True, exist_ok=True)
    (SOLR_HOME / "solr.xml").write_text("<solr/>\n")
    LOGS.mkdir(parents=True, exist_ok=True)
    command: list[str | Path] = [
        "java", "-Xmx512m", "-Dlog4j2.configurationFile=" + str(DEV / "solr" / "log4j2.xml"),
        f"-Dsolr.log.dir={LOGS}", f"-Dckanext.checkout={CHECKOUT_ID}", "-cp", f"{library}/*",
        DEV / "solr" / "SolrServer.java", SOLR_HOME, str(port),
    ]  # fmt: skip
    with step(f"starting Solr on port {port}"):
        processes.start("solr", command, ready=_solr_answers, patience=90)


def solr_url(core: str = "") -> str:
    """Return the address of Solr, or of one core."""
    return f"http://127.0.0.1:{state.port('solr', running=True)}/solr" + (f"/{core}" if core else "")


def _solr_get(path: str, **parameters: str) -> dict[str, object]:
    url = f"{solr_url()}{path}?{urllib.parse.urlencode({'wt': 'json', **parameters})}"
    with urllib.request.urlopen(url, timeout=60) as reply:  # noqa: S310 - our own loopback address
        found: dict[str, object] = json.load(reply)
    return found


def _solr_answers() -> bool:
    try:
        _solr_get("/admin/cores", action="STATUS")
    except OSError:
        return False
    return True


def make_core(name: str, schema: Path) -> None:
    """Create the core ``name`` with CKAN's ``schema``, or reload it when the schema has changed."""
    folder = SOLR_HOME / name
    conf = folder / "conf"
    conf.mkdir(parents=True, exist_ok=True)
    wanted = {
        "schema.xml": schema.read_bytes(),
        "solrconfig.xml": (DEV / "solr" / "solrconfig.xml").read_bytes(),
        **dict.fromkeys(("synonyms.txt", "protwords.txt", "stopwords.txt"), b""),
    }
    changed = False
    for file, content in wanted.items():
        target = conf / file
        if not target.exists() or target.read_bytes() != content:
            target.write_bytes(content)
            changed = True
    known = _solr_get("/admin/cores", action="STATUS", core=name, indexInfo="false")["status"]
    exists = isinstance(known, dict) and bool(known.get(name))
    if exists and not changed:
        return
    try:
        if exists:
            _solr_get("/admin/cores", action="RELOAD", core=name)
        else:
            _solr_get("/admin/cores", action="CREATE", name=name, instanceDir=str(folder))
    except urllib.error.HTTPError as refusal:
        fail(f"Solr would not make the core {name}: {refusal.read().decode(errors='replace')}")


def drop_core(name: str) -> None:
    """Remove the core ``name`` with its folder."""
    known = _solr_get("/admin/cores", action="STATUS", core=name, indexInfo="false")["status"]
    if isinstance(known, dict) and known.get(name):
        _solr_get("/admin/cores", action="UNLOAD", core=name, deleteInstanceDir="true")
    shutil.rmtree(SOLR_HOME / name, ignore_errors=True)


# All of them


def start() -> None:
    """Start all three; those that run are left alone."""
    start_postgres()
    start_redis()
    start_solr()


def stop() -> None:
    """End those that we started."""
    for name in ("solr", "redis"):
        processes.stop(name)
    # SIGINT is PostgreSQL's "fast" shutdown: it does not wait for connections to end.
    processes.stop("postgres", signal.SIGINT)
