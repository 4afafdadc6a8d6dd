"""Blobs are named by their digest, whole or not there, verified when read, and collected when nothing names them."""

import os
import re
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from uuid import uuid4

import pytest

from runtime.registry import ArtifactDamaged, ArtifactStore, NotRegistered, Registry, RegistryError
from runtime.registry.canonical import digest_of
from runtime.registry.registry import GRACE_MS
from tests.unit.house.tree import ROOT
from tests.unit.registry.story import ARTIFACT, COMPARISON, PLAN, WEIGHTS

BIG = os.urandom(3 * (1 << 20) + 17)


@pytest.fixture(params=["folder", "object store"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> ArtifactStore:
    """fsspec's store in memory stands for those without a rename."""
    return ArtifactStore(str(tmp_path / "s") if request.param == "folder" else f"memory://{uuid4()}/artifacts")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "store"


def path_of(folder: Path, digest: str) -> Path:
    name = digest.removeprefix("sha256:")
    return folder / "sha256" / name[:2] / name


@pytest.mark.parametrize("data", [b"", b"x", WEIGHTS, BIG], ids=["empty", "a byte", "small", "several chunks"])
@pytest.mark.parametrize("as_stream", [False, True])
def test_what_is_put_is_read_back_under_its_digest(
    store: ArtifactStore, tmp_path: Path, data: bytes, *, as_stream: bool
) -> None:
    blob = store.put(BytesIO(data) if as_stream else data)
    assert (blob.digest, blob.size_bytes) == (digest_of(data), len(data))
    assert store.read(blob.digest) == data
    store.fetch(blob.digest, tmp_path / "fetched")
    assert (tmp_path / "fetched").read_bytes() == data


def test_putting_again_leaves_one_blob(store: ArtifactStore) -> None:
    digests = {store.put(WEIGHTS).digest for _ in range(3)}
    assert [blob.digest for blob in store.blobs()] == list(digests) == [ARTIFACT]


def test_what_is_not_there_is_said(store: ArtifactStore, tmp_path: Path) -> None:
    with pytest.raises(NotRegistered, match="is not in the store"):
        store.read(ARTIFACT)
    with pytest.raises(NotRegistered):
        store.fetch(ARTIFACT, tmp_path / "fetched")
    assert list(tmp_path.glob("fetched*")) == []


@pytest.mark.parametrize("digest", ["", "sha256:12", f"md5:{'0' * 64}", f"sha256:{'../' * 20}", "../../etc/passwd"])
def test_a_name_that_is_no_digest_reaches_no_file(store: ArtifactStore, digest: str) -> None:
    with pytest.raises(ValueError, match="is no digest"):
        store.read(digest)


def test_damaged_bytes_are_never_given_out_and_putting_heals_them(folder: Path, tmp_path: Path) -> None:
    store = ArtifactStore(str(folder))
    store.put(WEIGHTS)
    path_of(folder, ARTIFACT).write_bytes(WEIGHTS + b"!")
    with pytest.raises(ArtifactDamaged, match="is damaged"):
        store.read(ARTIFACT)
    with pytest.raises(ArtifactDamaged):
        store.fetch(ARTIFACT, tmp_path / "fetched")
    assert list(tmp_path.glob("fetched*")) == []
    store.put(WEIGHTS)
    assert store.read(ARTIFACT) == WEIGHTS


def test_a_writer_that_fails_leaves_nothing_under_a_name(store: ArtifactStore) -> None:
    class Torn(BytesIO):
        def read(self, _: int | None = -1) -> bytes:
            if self.tell() > 0:
                raise OSError("the network is gone")
            return super().read(4)

    with pytest.raises(OSError, match="network is gone"):
        store.put(Torn(WEIGHTS))
    assert list(store.blobs()) == []


def test_bytes_are_on_the_disk_before_they_have_their_name(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    done = []

    def told(name: str, call: Callable[..., None]) -> Callable[..., None]:
        return lambda *arguments: (done.append(name), call(*arguments))[1]

    monkeypatch.setattr("os.fsync", told("fsync", os.fsync))
    monkeypatch.setattr("os.replace", told("rename", os.replace))
    ArtifactStore(str(folder)).put(WEIGHTS)
    assert done[:3] == ["fsync", "rename", "fsync"], "the file, its name, the folder that holds the name"


def test_garbage_is_what_nothing_names_and_what_is_old(registry: Registry, lived: Registry, tmp_path: Path) -> None:
    root = tmp_path / "life" / "artifacts"
    orphan = lived.artifacts.put(b"nobody registered this")
    (root / "unfinished").mkdir(exist_ok=True)
    (root / "unfinished" / "tmp1").write_bytes(b"half of someth")
    now_ms = orphan.modified_ms + 1_000
    assert lived.collect_garbage(now_ms, dry_run=False) == [], "it may be registered yet"
    late_ms = now_ms + GRACE_MS
    meant = lived.collect_garbage(late_ms, dry_run=True)
    assert [blob.digest for blob in meant] == [orphan.digest, "tmp1"]
    kept = {ARTIFACT, digest_of(PLAN), digest_of(COMPARISON.to_json())}  # the candidate, and the run's products
    assert {blob.digest for blob in lived.artifacts.blobs()} == kept | {blob.digest for blob in meant}
    assert lived.collect_garbage(late_ms, dry_run=False) == meant
    assert {blob.digest for blob in lived.artifacts.blobs()} == kept
    assert lived.artifacts.read(ARTIFACT) == WEIGHTS
    assert lived.verify() == []
    assert registry.collect_garbage(late_ms, dry_run=False) == [], "an empty store has none"


def test_bytes_put_again_are_young_again(folder: Path) -> None:
    store = ArtifactStore(str(folder))
    first = store.put(WEIGHTS)
    old_s = first.modified_ms / 1_000 - 7_200
    os.utime(path_of(folder, ARTIFACT), (old_s, old_s))
    limit_ms = first.modified_ms - 3_600_000
    assert [blob.digest for blob in store.collect((), limit_ms, dry_run=True)] == [ARTIFACT]
    store.put(WEIGHTS)
    assert store.collect((), limit_ms, dry_run=False) == []


def test_bytes_put_again_while_garbage_is_collected_are_kept(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = ArtifactStore(str(folder))
    first = store.put(WEIGHTS)
    old_s = first.modified_ms / 1_000 - 7_200
    os.utime(path_of(folder, ARTIFACT), (old_s, old_s))
    listed = list(store.blobs())
    store.put(WEIGHTS)
    monkeypatch.setattr(store, "blobs", lambda: iter(listed))
    assert store.collect((), first.modified_ms - 3_600_000, dry_run=False) == []
    assert store.read(ARTIFACT) == WEIGHTS


def test_a_store_that_cannot_be_had_is_said_in_words() -> None:
    with pytest.raises(RegistryError, match="No artifact store at nonsense://x") as refused:
        ArtifactStore("nonsense://x")
    assert "DRIFTLINE_REGISTRY_ARTIFACTS" in refused.value.next_step


def test_nothing_in_the_registry_unpickles() -> None:
    loaders = re.compile(r"\b(pickle|cloudpickle|joblib|dill|shelve|marshal|PickleType)\b")
    modules = sorted((ROOT / "runtime" / "registry").rglob("*.py"))
    assert len(modules) > 15
    assert [path.name for path in modules if loaders.search(path.read_text())] == []
