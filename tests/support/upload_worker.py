"""Uploads in a process of its own, which something happens to at a step of them.

``python -m support.upload_worker INI JSON``; the JSON: ``user``, ``storage`` (a folder for a file storage of
CKAN 2.12, or null), ``service`` (``solr_url``, ``ckan.redis.url``, ``sqlalchemy.url``: goes away at the step;
null: the process is killed). Then it reads a line of JSON for each upload: ``action``, ``data``, ``file`` (a
path), ``step``, ``options`` (of the configuration); and writes a line with its outcome.

Steps: ``start``, ``kept`` (the former file is kept), ``writing`` (a part is written), ``written``, ``stored``
(rows, not committed), ``indexed`` (the database is about to be told to commit), ``committed``.
"""

from __future__ import annotations

import io
import json
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from support.outage import Proxy

#: bytes that are written of a file before something happens in the middle of it
PART = 1 << 20


class Step:
    """What happens, once, when the wanted step is reached."""

    def __init__(self, happen: Callable[[], None]) -> None:
        self._happen = happen
        self._wanted = ""
        self.kept = False

    def want(self, step: str) -> None:
        self._wanted, self.kept = step, False

    def reached(self, step: str) -> None:
        self.kept = self.kept or step == "kept"
        if step == self._wanted:
            self._wanted = ""
            self._happen()


class Upload(io.BytesIO):
    """A file that says when a part of it was read to be written."""

    step: Step

    def read(self, size: int | None = -1) -> bytes:  # type: ignore[override]
        found = super().read(size)
        if self.step.kept and self.tell() > PART:
            self.step.reached("writing")
        return found


def _configured(ini: str, wanted: dict[str, Any]) -> tuple[Any, Callable[[], None], Callable[[], None]]:
    """The configuration, what happens at the step, and how it is undone."""
    from ckan.cli import CKANConfigLoader

    config = CKANConfigLoader(ini).get_config()
    if wanted["storage"]:
        prefix = "ckan.files.storage.kept."
        config |= {
            prefix + "type": "ckan:fs",
            prefix + "path": wanted["storage"],
            prefix + "initialize": "true",
            prefix + "overwrite_existing": "true",
            "ckan.files.default_storages.resource": "kept",
        }
    if not wanted["service"]:
        return config, lambda: os.kill(os.getpid(), signal.SIGKILL), lambda: None
    proxy, config[wanted["service"]] = Proxy.before(config[wanted["service"]])
    return config, proxy.cut, proxy.mend


def _watch(step: Step) -> None:
    import sqlalchemy as sa
    from ckan import model

    from ckanext.cost_oc4ids.dataset import save
    from ckanext.cost_oc4ids.validation import file_writes

    def after(module: Any, name: str, reached: str) -> None:
        real = getattr(module, name)

        def call(*args: Any, **more: Any) -> Any:
            result = real(*args, **more)
            step.reached(reached)
            return result

        setattr(module, name, call)

    def before(module: Any, name: str, reached: str) -> None:
        real = getattr(module, name)

        def call(*args: Any, **more: Any) -> Any:
            step.reached(reached)
            return real(*args, **more)

        setattr(module, name, call)

    after(file_writes, "_keep", "kept")
    # of a new resource nothing is kept, and the file is noted
    after(file_writes, "_note", "noted")
    before(file_writes, "finish", "written")
    after(save, "store_save", "stored")

    def whole(reached: str) -> Callable[[Any], None]:
        # a savepoint is none
        return lambda session: None if session.in_nested_transaction() else step.reached(reached)

    sa.event.listen(model.Session, "before_commit", whole("indexed"))
    sa.event.listen(model.Session, "after_commit", whole("committed"), insert=True)


def main(ini: str, wanted: dict[str, Any]) -> None:
    """Load the portal, and upload what is asked for."""
    from ckan.config.middleware import make_app

    config, happen, undo = _configured(ini, wanted)
    app = make_app(config)
    step = Step(happen)
    _watch(step)
    print("ready", flush=True)
    for line in sys.stdin:
        print(json.dumps(_upload(app._wsgi_app, json.loads(line), wanted["user"], step)), flush=True)
        undo()
        from ckan import model

        model.Session.remove()
        model.meta.engine.dispose()


def _upload(app: Any, asked: dict[str, Any], user: str, step: Step) -> dict[str, Any]:
    import ckan.plugins.toolkit as tk
    from werkzeug.datastructures import FileStorage

    stream = Upload(Path(asked["file"]).read_bytes())
    stream.step = step
    upload = FileStorage(stream, "proyectos.json")
    tk.config.update(asked.get("options") or {})
    step.want(asked["step"])
    step.reached("start")
    try:
        with app.test_request_context():
            answer = tk.get_action(asked["action"])({"user": user}, {**asked["data"], "upload": upload})
            return {"saved": answer["id"]}
    except Exception as error:
        return {"error": f"{type(error).__name__}: {error}"[:300]}


if __name__ == "__main__":
    main(sys.argv[1], json.loads(sys.argv[2]))
