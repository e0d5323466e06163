"""The development commands' own PostgreSQL cluster: kept, and made anew when nobody can enter it any more."""

from __future__ import annotations

import shutil
import signal
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.own_stack import use_own_state

from stack import processes, services  # isort: skip  dev/ is on the path by now

pytestmark = pytest.mark.one_release("the development commands load no CKAN")


@pytest.fixture(autouse=True)
def apart(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    use_own_state(tmp_path, monkeypatch)


@pytest.fixture
def cluster_home(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A place for a cluster where the ``postgres`` user can reach it."""
    folder = Path(tempfile.mkdtemp(dir="/tmp", prefix="oc4ids-stack-"))
    folder.chmod(0o755)
    home = folder / "postgres"
    monkeypatch.setattr(services, "postgres_home", lambda: home)
    yield home
    processes.stop("postgres", signal.SIGINT)
    shutil.rmtree(folder, ignore_errors=True)


class TestCluster:
    """The cluster stands outside of the checkout as root; a new clone may find one there."""

    @staticmethod
    def entered() -> str:
        services.start_postgres()
        return services.sql("SELECT count(*) FROM pg_database WHERE datname = 'oc4ids_kept'")

    def test_kept_from_one_start_to_the_next(self, cluster_home: Path) -> None:
        assert self.entered() == "0"
        assert services.make_database("oc4ids_kept")
        processes.stop("postgres", signal.SIGINT)
        assert self.entered() == "1"

    @pytest.mark.parametrize("left_running", [False, True])
    def test_one_whose_passwords_are_gone_is_made_anew(
        self, left_running: bool, cluster_home: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
    ) -> None:
        """A fresh clone at the place of an earlier one: ``.run`` is gone, the cluster is not."""
        assert self.entered() == "0"
        services.make_database("oc4ids_kept")
        first = processes.pid_of("postgres")
        if not left_running:
            processes.stop("postgres", signal.SIGINT)
        (tmp_path / "state.json").unlink()
        shutil.rmtree(tmp_path / "pids")
        assert self.entered() == "0"
        assert processes.pid_of("postgres") not in (None, first)
        assert processes._stat(first or 0) is None
        assert "removing the databases of an earlier checkout" in capfd.readouterr().err

    def test_one_half_made_is_made_anew(self, cluster_home: Path) -> None:
        cluster_home.mkdir()
        (cluster_home / "PG_VERSION").write_text("15\n")
        assert self.entered() == "0"
