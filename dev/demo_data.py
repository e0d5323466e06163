"""Create the organismos, people and sample datasets of the demonstration by the API: ``demo_data.py URL``.

Run with the portal's own Python. The environment holds the sysadmin's token (``DEMO_TOKEN``), the passwords
by user as JSON (``DEMO_PASSWORDS``) and the digests of the files that an earlier run uploaded
(``DEMO_KNOWN``). What exists is not changed, except a sample file whose bytes have changed.
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


class ApiError(Exception):
    """The API responded with an error.

    :param action: the action that was called.
    :param status: the HTTP status of the response.
    :param error: the ``error`` of the response.
    """

    def __init__(self, action: str, status: int, error: Any) -> None:
        super().__init__(f"{action}: HTTP {status}: {json.dumps(error, ensure_ascii=False, indent=2)[:6000]}")
        self.status = status


class Api:
    """The portal's API, called with the token of one user."""

    def __init__(self, url: str, token: str) -> None:
        self.url = url
        self.session = requests.Session()
        self.session.headers["Authorization"] = token

    def call(self, action: str, data: dict[str, Any], upload: Path | None = None) -> Any:
        """Call an action and return its result.

        :param upload: a file to send; ``data`` is sent as form fields then.
        :raises ApiError: the response is an error.
        """
        address = f"{self.url}/api/3/action/{action}"
        if upload is None:
            response = self.session.post(address, json=data, timeout=TIMEOUT)
        else:
            kind = mimetypes.guess_type(upload.name)[0] or "application/octet-stream"
            with upload.open("rb") as content:
                files = {"upload": (upload.name, content, kind)}
                response = self.session.post(address, data=data, files=files, timeout=TIMEOUT)
        try:
            body = response.json()
        except ValueError:
            body = {"success": False, "error": response.text[:2000]}
        if not body.get("success"):
            raise ApiError(action, response.status_code, body.get("error"))
        return body["result"]

    def show(self, action: str, **data: Any) -> Any:
        """Call a ``…_show`` action; return None where it responds with 404."""
        try:
            return self.call(action, data)
        except ApiError as error:
            if error.status == requests.codes.not_found:
                return None
            raise


def read_yaml(path: Path) -> dict[str, Any]:
    """Return the document in ``path``."""
    found: dict[str, Any] = yaml.safe_load(path.read_text(encoding="utf-8"))
    return found


def create_organismos(admin: Api) -> None:
    """Create the organismos of ``schemas/cali/organismos.yaml``, and those of the plans, that are missing."""
    for path in (ROOT / "schemas" / "cali" / "organismos.yaml", SAMPLE / "planes" / "organismos.yaml"):
        for organismo in read_yaml(path)["organismos"]:
            if admin.show("organization_show", id=organismo["name"]) is not None:
                continue
            fields = {key: organismo[key] for key in ("name", "title", "description") if key in organismo}
            admin.call("organization_create", fields)
            print(f"organismo {organismo['name']}")


def create_people(admin: Api, passwords: dict[str, str]) -> None:
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


def find_editors() -> dict[str, str]:
    """Return, for each organismo that has one, the user who publishes for it."""
    found: dict[str, str] = {}
    for person in read_yaml(ROOT / "dev" / "people.yaml")["people"]:
        for organismo, role in person.get("roles", {}).items():
            if role == "editor":
                found[organismo] = person["name"]
    return found


def create_token(admin: Api, user: str) -> str:
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
    """Upload a file as a new resource, or in place of other bytes of that name; otherwise do nothing."""
    path = SAMPLE / resource["file"]
    digest = _sha256(path)
    place = f"{dataset['name']}/{resource['name']}"
    existing = [row for row in dataset["resources"] if row["name"] == resource["name"]]
    if not existing:
        api.call("resource_create", {"package_id": dataset["id"], **_resource_fields(resource)}, upload=path)
    elif known.get(place) != digest:
        api.call("resource_update", {"id": existing[0]["id"], **_resource_fields(resource)}, upload=path)
    else:
        return
    known[place] = digest
    print(f"file {place}")


def load_sample(admin: Api, known: dict[str, str]) -> None:
    """Create the datasets of ``dev/sample/muestra.yaml`` as the editors of their organismos.

    :param known: the digest of each file uploaded before; it is updated.
    """
    publishers = find_editors()
    for dataset in read_yaml(MANIFEST)["datasets"]:
        publisher = publishers.get(dataset["organismo"])
        api = Api(admin.url, create_token(admin, publisher)) if publisher else admin
        existing = api.show("package_show", id=dataset["name"])
        if existing is None:
            existing = api.call("package_create", _dataset_fields(dataset))
            print(f"dataset {dataset['name']}")
        for resource in dataset.get("resources", []):
            _load_resource(api, existing, resource, known)


def main() -> int:
    """Create what is missing and print it; the last line is JSON: digests of files, broken examples."""
    admin = Api(sys.argv[1], os.environ["DEMO_TOKEN"])
    known = json.loads(os.environ.get("DEMO_KNOWN") or "{}")
    try:
        create_organismos(admin)
        create_people(admin, json.loads(os.environ["DEMO_PASSWORDS"]))
        load_sample(admin, known)
    except ApiError as error:
        print(error)
        return 1
    examples = read_yaml(MANIFEST)["broken"]
    broken = [{"file": example["file"], "title": example["title"]} for example in examples]
    print(json.dumps({"files": known, "broken": broken}))
    return 0


if __name__ == "__main__":
    sys.exit(main())
