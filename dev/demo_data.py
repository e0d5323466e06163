"""Fill the demo portal through its API: organismos, people, sample datasets.

Run with the portal's own Python: ``demo_data.py URL``; the sysadmin's token comes in the
environment as ``DEMO_TOKEN`` and everybody's password as JSON in ``DEMO_PASSWORDS``. What is
there already is left alone, except a sample file whose bytes have changed.
"""

from __future__ import annotations

import hashlib
import json
import mimetypes
import os
import sys
from pathlib import Path
from typing import Any

import requests
import yaml

ROOT = Path(__file__).resolve().parents[1]
SAMPLE = ROOT / "dev" / "sample"
MANIFEST = SAMPLE / "muestra.yaml"
#: Declares a resource as an OC4IDS project package.
PACKAGE_URI = (
    "https://standard.open-contracting.org/infrastructure/schema/0__9__5/project-package-schema.json"
)
TIMEOUT = 180


class Refused(Exception):
    """The API said no; ``error`` is what it said."""

    def __init__(self, action: str, status: int, error: Any) -> None:
        super().__init__(f"{action}: HTTP {status}: {json.dumps(error, ensure_ascii=False, indent=2)[:6000]}")
        self.status = status


class Api:
    """The portal's API as one person sees it."""

    def __init__(self, url: str, token: str) -> None:
        self.url = url
        self.session = requests.Session()
        self.session.headers["Authorization"] = token

    def call(self, action: str, data: dict[str, Any], upload: Path | None = None) -> Any:
        """Call ``action``; raise Refused when it is refused. Form fields and a file when ``upload``."""
        address = f"{self.url}/api/3/action/{action}"
        if upload is None:
            reply = self.session.post(address, json=data, timeout=TIMEOUT)
        else:
            kind = mimetypes.guess_type(upload.name)[0] or "application/octet-stream"
            with upload.open("rb") as content:
                files = {"upload": (upload.name, content, kind)}
                reply = self.session.post(address, data=data, files=files, timeout=TIMEOUT)
        try:
            answer = reply.json()
        except ValueError:
            answer = {"success": False, "error": reply.text[:2000]}
        if not answer.get("success"):
            raise Refused(action, reply.status_code, answer.get("error"))
        return answer["result"]

    def show(self, action: str, **data: Any) -> Any:
        """Call a ``…_show`` action; return None when there is no such thing."""
        try:
            return self.call(action, data)
        except Refused as refusal:
            if refusal.status == requests.codes.not_found:
                return None
            raise


def read_yaml(path: Path) -> dict[str, Any]:
    """Return the document in ``path``."""
    found: dict[str, Any] = yaml.safe_load(path.read_text(encoding="utf-8"))
    return found


def make_organismos(admin: Api) -> None:
    """Create the organismos of ``schemas/cali/organismos.yaml``, and those of the plans, that are missing."""
    for path in (ROOT / "schemas" / "cali" / "organismos.yaml", SAMPLE / "planes" / "organismos.yaml"):
        for organismo in read_yaml(path)["organismos"]:
            if admin.show("organization_show", id=organismo["name"]) is not None:
                continue
            fields = {key: organismo[key] for key in ("name", "title", "description") if key in organismo}
            admin.call("organization_create", fields)
            print(f"organismo {organismo['name']}")


def make_people(admin: Api, passwords: dict[str, str]) -> None:
    """Create the users of ``dev/people.yaml`` that are missing, with their roles."""
    for person in read_yaml(ROOT / "dev" / "people.yaml")["people"]:
        name = person["name"]
        if admin.show("user_show", id=name) is None:
            details = {
                "name": name,
                "fullname": person["fullname"],
                "password": passwords[name],
                "email": f"{name}@example.org",
            }
            admin.call("user_create", details)
            print(f"user {name}")
        for organismo, role in person.get("roles", {}).items():
            admin.call("organization_member_create", {"id": organismo, "username": name, "role": role})


def editors() -> dict[str, str]:
    """Return, for each organismo that has one, the user who publishes for it."""
    found: dict[str, str] = {}
    for person in read_yaml(ROOT / "dev" / "people.yaml")["people"]:
        for organismo, role in person.get("roles", {}).items():
            if role == "editor":
                found[organismo] = person["name"]
    return found


def token_of(admin: Api, user: str) -> str:
    """Return a new API token of ``user``, in place of the one of an earlier run."""
    for token in admin.call("api_token_list", {"user_id": user}):
        if token["name"] == "make demo":
            admin.call("api_token_revoke", {"jti": token["id"]})
    return str(admin.call("api_token_create", {"user": user, "name": "make demo"})["token"])


def _dataset_fields(dataset: dict[str, Any]) -> dict[str, Any]:
    fields = {
        "type": dataset.get("type", "oc4ids"),
        "name": dataset["name"],
        "title": dataset["title"],
        "notes": dataset.get("notes", ""),
        "owner_org": dataset["organismo"],
        "private": dataset.get("private", False),
        "license_id": dataset.get("license_id", "cc-by"),
        "tags": [{"name": tag} for tag in dataset.get("tags", [])],
    }
    return {**fields, **dataset.get("fields", {})}


def _resource_fields(resource: dict[str, Any]) -> dict[str, Any]:
    fields = {
        "name": resource["name"],
        "description": resource.get("description", ""),
        "format": resource.get("format", "JSON"),
    }
    if resource.get("oc4ids", True):
        fields["conforms_to"] = PACKAGE_URI
    return {**fields, **resource.get("fields", {})}


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _load_resource(
    api: Api, dataset: dict[str, Any], resource: dict[str, Any], known: dict[str, str]
) -> None:
    """Upload one file: as a new resource, in place of other bytes under the same name, or not at all."""
    path = SAMPLE / resource["file"]
    digest = _sha256(path)
    place = f"{dataset['name']}/{resource['name']}"
    there = [row for row in dataset["resources"] if row["name"] == resource["name"]]
    if not there:
        api.call("resource_create", {"package_id": dataset["id"], **_resource_fields(resource)}, upload=path)
    elif known.get(place) != digest:
        api.call("resource_update", {"id": there[0]["id"], **_resource_fields(resource)}, upload=path)
    else:
        return
    known[place] = digest
    print(f"file {place}")


def load_sample(admin: Api, known: dict[str, str]) -> None:
    """Create the datasets of ``dev/sample/muestra.yaml`` as the editors of their organismos.

    ``known`` holds the digest of each file loaded before, and is brought up to date.
    """
    publishers = editors()
    for dataset in read_yaml(MANIFEST)["datasets"]:
        publisher = publishers.get(dataset["organismo"])
        api = Api(admin.url, token_of(admin, publisher)) if publisher else admin
        there = api.show("package_show", id=dataset["name"])
        if there is None:
            there = api.call("package_create", _dataset_fields(dataset))
            print(f"dataset {dataset['name']}")
        for resource in dataset.get("resources", []):
            _load_resource(api, there, resource, known)


def main() -> int:
    """Fill the portal; print what was made and, as the last line, what to remember, as JSON."""
    admin = Api(sys.argv[1], os.environ["DEMO_TOKEN"])
    known = json.loads(os.environ.get("DEMO_KNOWN") or "{}")
    try:
        make_organismos(admin)
        make_people(admin, json.loads(os.environ["DEMO_PASSWORDS"]))
        load_sample(admin, known)
    except Refused as refusal:
        print(refusal)
        return 1
    examples = read_yaml(MANIFEST)["broken"]
    broken = [{"file": example["file"], "title": example["title"]} for example in examples]
    print(json.dumps({"files": known, "broken": broken}))
    return 0


if __name__ == "__main__":
    sys.exit(main())
