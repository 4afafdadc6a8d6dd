"""An MLflow that is away, or a part of a model that cannot be told, stops nobody, is told once and healed later."""

import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from runtime.clock import ManualClock
from runtime.errors import OperatorError
from runtime.logs import redact
from runtime.registry import Registry, Stamp, register_candidate
from services.retraining.mirroring import Mirror
from services.retraining.mirroring.mirror import LONGEST_S, REST_S
from tests.unit.house.tree import ROOT
from tests.unit.registry.story import ARTIFACT, WEIGHTS
from tests.unit.retraining_mirror.interrupting import interrupting
from tests.unit.retraining_mirror.story import MODEL, NEW, OLD, T0, candidate, said, uri


@pytest.fixture
def silent() -> Iterator[int]:
    """The port of a server that takes connections and never answers."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """An environment that gives MLflow little time."""
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_TIMEOUT", "1")
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")


@pytest.mark.usefixtures("impatient")
def test_a_server_that_never_answers_is_given_up_and_told_once_with_the_next_step(
    registry: Registry, silent: int
) -> None:
    clock = ManualClock()
    mirror = Mirror(f"http://127.0.0.1:{silent}", registry, clock)
    with capture_logs() as lines:
        for _ in range(2):
            assert not mirror.reflect(MODEL)
            clock.sleep(REST_S)
    (line,) = lines
    assert line["model"] == MODEL
    assert "timed out" in line["why"]
    assert "DRIFTLINE_MLFLOW_URI" in line["next_step"]


def test_while_it_rests_mlflow_is_not_asked_and_then_all_that_is_behind_is_told(home: Path, registry: Registry) -> None:
    """The file's folder is a file at first: nothing can be written there."""
    blocked = home / "later"
    blocked.write_text("in the way")
    clock = ManualClock()
    mirror = Mirror(uri(blocked), registry, clock)
    with capture_logs() as lines:
        assert not mirror.reflect(MODEL)
        blocked.unlink()
        blocked.mkdir()
        (home / "mlflow.db").rename(blocked / "mlflow.db")
        assert not mirror.reflect()
        clock.sleep(REST_S)
        assert mirror.reflect()
    assert [line["log_level"] for line in lines] == ["warning", "info"]
    assert said(blocked)["aliases"] == {"champion": OLD, "challenger": NEW}


def test_a_call_that_takes_too_long_leaves_the_rest_to_later_ones(home: Path, registry: Registry) -> None:
    clock = ManualClock()
    slow, clients = interrupting(13, lambda: clock.sleep(LONGEST_S + 1))
    mirror = Mirror(uri(home), registry, clock, slow)
    assert not mirror.reflect(MODEL)
    assert clients[0].methods[-1] == "search_runs"  # what it asked last; after that it has changed nothing
    clock.sleep(REST_S)
    assert mirror.reflect()
    assert said(home)["aliases"] == {"champion": OLD, "challenger": NEW}


def test_a_password_in_the_address_is_not_logged(registry: Registry) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    with capture_logs() as lines:
        assert not Mirror(f"http://mara:swordfish@127.0.0.1:{port}", registry).reflect(MODEL)
    assert "swordfish" not in str(redact(None, "warning", lines[0]))


def test_a_file_that_is_no_database_is_refused_at_once(home: Path, registry: Registry) -> None:
    (home / "mlflow.db").write_text("no database " * 1_000)
    with capture_logs() as lines:
        assert not Mirror(uri(home), registry).reflect(MODEL)
    assert "not a database" in lines[0]["why"]


def test_a_version_whose_bytes_are_damaged_holds_up_no_other_and_is_told_when_they_are_whole(
    home: Path, registry: Registry
) -> None:
    clock = ManualClock()
    mirror = Mirror(uri(home), registry, clock)
    with registry.writing() as session:
        other = candidate(registry, model="other", run_id=None, datasets={}, artifact=registry.artifacts.put(b"whole"))
        register_candidate(session, Stamp("mara", T0), other)
    (blob,) = [blob for blob in registry.artifacts.blobs() if blob.digest == ARTIFACT]
    Path(blob.path).write_bytes(b"edited")
    with capture_logs() as lines:
        assert not mirror.reflect(MODEL, "other")
    assert "is damaged" in lines[0]["why"]
    assert "restore it from a backup" in lines[0]["next_step"]
    assert said(home)["aliases"] == {"champion": OLD}
    assert len(said(home, "other")["versions"]) == 1
    registry.artifacts.put(WEIGHTS)
    clock.sleep(REST_S)
    assert mirror.reflect()
    assert said(home)["aliases"] == {"champion": OLD, "challenger": NEW}


def test_a_model_without_a_version_has_nothing_to_be_told(home: Path, registry: Registry) -> None:
    assert Mirror(uri(home), registry).reflect("unheard-of")
    assert said(home, "unheard-of") == {"versions": [], "runs": [], "aliases": {}}


@pytest.mark.parametrize("address", ["mlflow.example.org", "postgresql://host/mlflow", "sqlite:///", "file:///mlruns"])
def test_an_address_that_can_be_none_is_refused_at_the_start(registry: Registry, address: str) -> None:
    with pytest.raises(OperatorError, match="DRIFTLINE_MLFLOW_URI") as refused:
        Mirror(address, registry)
    assert "sqlite:///path" in refused.value.next_step


def run(folder: Path, program: str) -> subprocess.CompletedProcess[str]:
    """In a process of its own, with `registry` opened in the folder."""
    opening = (
        "import sys; from runtime.registry import Registry, RegistrySettings; "
        "from services.retraining.mirroring import Mirror; "
        f"registry = Registry.opened(RegistrySettings(url='sqlite:///{folder}/r.db', artifacts='{folder}')); "
    )
    command = [sys.executable, "-c", opening + program]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


def test_switched_off_it_says_yes_and_imports_nothing(tmp_path: Path) -> None:
    done = run(tmp_path, "print(Mirror('', registry).reflect('m'), 'mlflow' in sys.modules)")
    assert done.stdout == "True False\n", done.stderr


def test_switched_on_without_mlflow_says_what_to_install(tmp_path: Path) -> None:
    done = run(tmp_path, "sys.modules['mlflow'] = None; Mirror('http://127.0.0.1:5000', registry)")
    assert "install driftline[mlflow]" in done.stderr


def test_it_prints_nothing_sends_no_telemetry_and_leaves_the_log_s_handlers_alone(tmp_path: Path) -> None:
    program = (
        "import logging; before = list(logging.getLogger().handlers); "
        "from runtime.registry import Candidate, Stamp, register_candidate\n"
        "made = Candidate('m', '1', artifact=None)\n"
        f"with registry.writing() as session: register_candidate(session, Stamp('mara', {T0}), made)\n"
        f"assert Mirror('{uri(tmp_path)}', registry).reflect('m')\n"
        "from mlflow.telemetry.client import get_telemetry_client\n"
        "assert get_telemetry_client() is None\n"
        "assert logging.getLogger().handlers == before and not logging.getLogger('mlflow').handlers"
    )
    done = run(tmp_path, program)
    assert (done.returncode, done.stdout) == (0, ""), done.stderr
    assert said(tmp_path, "m")["versions"] == [("1", {"driftline.version": "1"}, {}, {}, True, [])]
