"""Sample data of the portal that browsers look at."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import requests

SAMPLE = Path(__file__).resolve().parents[2] / "dev" / "sample"
SECONDS = 60


@dataclass
class SamplePortal:
    """Address of a portal, and people and datasets in it."""

    url: str
    editor: dict[str, Any]
    organization: dict[str, Any]
    published: dict[str, Any]
    report: str
    good: dict[str, Any]
    bad: dict[str, Any]

    def call(self, action: str, files: dict[str, Any] | None = None, **data: Any) -> Any:
        """Call an action as the editor."""
        headers = {"Authorization": self.editor["token"]}
        address = f"{self.url}/api/action/{action}"
        send = {"data": data, "files": files} if files else {"json": data}
        answer = requests.post(address, headers=headers, timeout=SECONDS, **send)
        assert answer.status_code == 200, answer.text[:3000]
        return answer.json()["result"]


def sample(name: str) -> Path:
    """Return the path of a sample file."""
    path = SAMPLE / name
    assert path.exists(), path
    return path
