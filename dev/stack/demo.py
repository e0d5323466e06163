"""The demo portal: set up, filled, served with a worker beside it, and described to who started it."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import secrets
import signal
import subprocess
import urllib.request
from pathlib import Path
from typing import Any

from . import install, instances, processes, services, state, translations
from .places import DEV, LOGS, ROOT, environment
from .steps import fail, say, step

WORKERS = 2
#: How many of the broken sample files are named in what is printed.
EXAMPLES = 8
QUEUES = ("default", "cost_oc4ids", "ogp_plan")
#: What the processes were started from: when any of it changes they are started anew.
CODE = ("ckanext", "schemas", "i18n", "dev/wsgi.py")
DATA = ("schemas/cali", "dev/people.yaml", "dev/sample")


def host() -> str:
    """Return the address the portal listens on; ``PORTAL_HOST`` opens it to other machines."""
    return os.environ.get("PORTAL_HOST", "127.0.0.1")


def url() -> str:
    """Return the portal's address; ``PORTAL_URL`` when people reach it under another one."""
    return os.environ.get("PORTAL_URL") or f"http://localhost:{state.port('portal', running=True)}"


def _fingerprint(parts: tuple[str, ...], *more: bytes) -> str:
    digest = hashlib.sha256(b"\0".join(more))
    for part in parts:
        top = ROOT / part
        files = sorted(path for path in top.rglob("*") if path.is_file()) if top.is_dir() else [top]
        for path in files:
            if path.suffix not in {".pyc", ".pot"} and path.exists():
                digest.update(str(path).encode())
                digest.update(path.read_bytes())
    return digest.hexdigest()


def _settings() -> dict[str, str]:
    return {
        "testing": "false",
        "ckan.site_url": url(),
        "ckan.site_title": "Datos Abiertos Cali (demostración)",
        "ckan.site_description": "Portal de demostración: datos y planes inventados",
        "ckanext.cost_oc4ids.publisher_name": "Portal de demostración",
        "ckanext.cost_oc4ids.prefix": "oc4ids-demo01",
    }


def _passwords(instance: instances.Instance) -> dict[str, str]:
    """Return everybody's password, made the first time. Names are read without a YAML library."""
    names = [
        line.partition("name:")[2].strip()
        for line in (DEV / "people.yaml").read_text(encoding="utf-8").splitlines()
        if line.strip().startswith("- name:")
    ]
    known: dict[str, str] = state.recall("demo_passwords", instance.key) or {}
    for name in names:
        known.setdefault(name, secrets.token_urlsafe(9))
    state.store("demo_passwords", instance.key, known)
    return known


def _is_up(address: str) -> bool:
    probe = f"{address}/api/3/action/status_show"
    with contextlib.suppress(OSError), urllib.request.urlopen(probe, timeout=60):  # noqa: S310 - our own
        return True
    return False


def _workers(instance: instances.Instance) -> set[str]:
    """Return the names of the workers that have registered in Redis."""
    return set(services.ask_redis(instances.redis_number(instance), "SMEMBERS", "rq:workers").split())


def serve(instance: instances.Instance) -> bool:
    """Serve the portal and run its worker; return whether anything had to be started."""
    wanted = _fingerprint(CODE, instance.ini.read_bytes(), host().encode())
    running = processes.pid_of("portal") is not None and processes.pid_of("worker") is not None
    if running and state.recall("served", "portal") == wanted:
        return False
    stop()
    port = state.port("portal")
    environment = {"CKAN_INI": str(instance.ini)}
    gunicorn: list[str | Path] = [
        instance.bin / "gunicorn", "--workers", str(WORKERS), "--bind", f"{host()}:{port}",
        "--timeout", "180",
        "--chdir", DEV, "--access-logfile", LOGS / "access.log",
        "wsgi:application",
    ]  # fmt: skip
    with step(f"serving the portal on port {port}"):
        processes.start(
            "portal",
            gunicorn,
            ready=lambda: _is_up(f"http://127.0.0.1:{port}"),
            patience=120,
            env=environment,
        )
    worker: list[str | Path] = [instance.bin / "ckan", "-c", instance.ini, "jobs", "worker", *QUEUES]
    before = _workers(instance)
    with step(f"starting a worker for the queues {' and '.join(QUEUES)}"):
        processes.start("worker", worker, ready=lambda: bool(_workers(instance) - before))
    state.store("served", "portal", wanted)
    return True


def stop() -> None:
    """End the portal and its worker."""
    processes.stop("worker", signal.SIGINT)
    processes.stop("portal")


def _run_with_secrets(
    instance: instances.Instance, log: str, command: list[str | Path], env: dict[str, str]
) -> str:
    """Run a program of ours with secrets in its environment; return the last line that it prints."""
    LOGS.mkdir(parents=True, exist_ok=True)
    errors = LOGS / f"{log}.log"
    with errors.open("w") as trouble:
        done = subprocess.run(
            [str(instance.bin / "python"), *map(str, command)],
            cwd=ROOT,
            env=environment(**env),
            stdout=subprocess.PIPE,
            stderr=trouble,
            text=True,
            check=False,
        )
    if done.returncode != 0:
        with errors.open("a") as trouble:
            trouble.write(done.stdout)
        fail(f"{log} failed", errors)
    lines = done.stdout.strip().splitlines()
    for line in lines[:-1]:
        say(f"    {line}")
    return lines[-1] if lines else ""


def fill(instance: instances.Instance) -> None:
    """Create people, organismos, sample data and plans, when there is anything new."""
    wanted = _fingerprint(DATA)
    done: dict[str, Any] = state.recall("demo", instance.key) or {}
    if done.get("fingerprint") == wanted:
        return
    passwords = _passwords(instance)
    admin = next(iter(passwords))
    with step("creating the first sysadmin"):
        token = _run_with_secrets(
            instance,
            "bootstrap",
            [DEV / "bootstrap.py", instance.ini, admin, "Administración del portal (demostración)"],
            {"DEMO_PASSWORD": passwords[admin]},
        )
    with step("creating organismos, people and sample data through the API"):
        answer = _run_with_secrets(
            instance,
            "demo-data",
            [DEV / "demo_data.py", f"http://127.0.0.1:{state.port('portal', running=True)}"],
            {
                "DEMO_TOKEN": token,
                "DEMO_PASSWORDS": json.dumps(passwords),
                "DEMO_KNOWN": json.dumps(done.get("files", {})),
            },
        )
    with step("loading the plans of the demonstration and their year of follow-up"):
        _run_with_secrets(instance, "demo-plans", [DEV / "demo_plans.py", instance.ini], {})
    state.store("demo", instance.key, {"fingerprint": wanted, **json.loads(answer)})


def up(release: str) -> None:
    """Bring the demo portal up, whatever is there already."""
    instance = instances.get("demo", release)
    install.everything(release, tools=False)
    translations.compile_all(instance)
    services.start()
    state.port("portal", processes.pid_of("portal") is not None)
    instances.prepare(instance, _settings())
    serve(instance)
    fill(instance)
    print_summary(instance)


def _notes() -> dict[str, str]:
    notes: dict[str, str] = {}
    name = ""
    for line in (DEV / "people.yaml").read_text(encoding="utf-8").splitlines():
        key, _, value = line.strip().removeprefix("- ").partition(": ")
        if key == "name":
            name = value
        elif key == "note":
            notes[name] = value
    return notes


def print_summary(instance: instances.Instance) -> None:
    """Print addresses, users and what to try, in Spanish."""
    at = url()
    notes = _notes()
    print(f"\nEl portal de demostración está en {at}   (CKAN {instance.release}, en español)\n")
    print("  Proyectos de infraestructura  " + at + "/infraestructura")
    print("  Planes y compromisos          " + at + "/planes")
    print("  Validar un archivo            " + at + "/oc4ids/validar")
    print("  Paquete para el registro      " + at + "/oc4ids/projects.json")
    print("  Entrar                        " + at + "/user/login\n")
    print("  Usuario                   Contraseña     Quién es")
    for name, password in _passwords(instance).items():
        print(f"  {name:25} {password:14} {notes.get(name, '')}")
    print("\nPara probar:")
    print("  1. Sin cuenta, valide un archivo en " + at + "/oc4ids/validar (no se guarda nada).")
    print("  2. Entre como infraestructura-editor, abra un conjunto de datos de su organismo y suba uno de")
    print("     los archivos con errores de dev/sample/: el portal lo rechaza y dice qué corregir.")
    print("  3. Suba dev/sample/buenos/… y vea sus proyectos en " + at + "/infraestructura")
    for example in _examples(instance):
        print(f"     dev/sample/{example['file']:45} {example['title']}")
    print("  4. Entre como plan-coordinadora e importe uno de los documentos de dev/sample/planes/ (o de su")
    print("     carpeta con_errores/): el informe de lectura dice qué se entendió y qué no.")
    print(
        "  5. Entre como salud-enlace y vea en " + at + "/organismo/secretaria-de-salud-publica/obligaciones"
    )
    print("     las obligaciones de ese organismo en todos los planes.")
    print("\n`make stop` lo detiene todo; los datos quedan. Registros: .run/logs/\n")


def _examples(instance: instances.Instance) -> list[dict[str, str]]:
    """Return the first few of the broken files, with what is wrong with each."""
    done: dict[str, Any] = state.recall("demo", instance.key) or {}
    examples: list[dict[str, str]] = done.get("broken", [])
    return examples[:EXAMPLES]
