"""The development commands on a state that a test makes for itself: nothing of the checkout's is read or written."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "dev"))


def use_own_state(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the modules of ``dev/stack`` keep what they know of processes and ports in a folder."""
    from stack import places, processes, services, state

    for module in (places, processes, services, state):
        for name, value in {
            "RUN": folder,
            "LOGS": folder / "logs",
            "PIDS": folder / "pids",
            "STATE_FILE": folder / "state.json",
        }.items():
            if hasattr(module, name):
                monkeypatch.setattr(module, name, value)
    monkeypatch.setattr(processes, "environment", lambda **more: {**os.environ, **more})
