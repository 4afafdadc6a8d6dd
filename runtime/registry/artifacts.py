"""Bytes named by their digest, in a folder or an object store.

A blob is written to the end before it has its name, and verified whenever it is read. Nothing here unpickles anything:
what the bytes mean is the caller's affair.
"""

import hashlib
import os
import re
import tempfile
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import IO, Any, Final

from fsspec.core import url_to_fs
from fsspec.implementations.local import LocalFileSystem

from runtime.registry.errors import ArtifactDamaged, NotRegistered, RegistryError

_DIGEST: Final = re.compile(r"sha256:[0-9a-f]{64}")
_CHUNK: Final = 1 << 20
_UNFINISHED: Final = "unfinished"


@dataclass(frozen=True, slots=True)
class Blob:
    """Stored bytes."""

    digest: str
    """`sha256:` and 64 hex digits; of a write that was cut short, its file's name."""
    size_bytes: int
    modified_ms: int
    path: str


class ArtifactStore:
    """A store at a folder's path or an fsspec URL. All methods block."""

    def __init__(self, url: str) -> None:
        try:
            self._fs, self._root = url_to_fs(url, use_listings_cache=False)  # others write there too
        except (ImportError, ValueError) as error:
            raise RegistryError(
                f"No artifact store at {url}: {error}.",
                "set DRIFTLINE_REGISTRY_ARTIFACTS to a folder or an fsspec URL; for s3:// install driftline[s3]",
            ) from error
        self._root = self._root.rstrip("/")
        self._local = isinstance(self._fs, LocalFileSystem)

    def put(self, source: IO[bytes] | bytes) -> Blob:
        """Stores the bytes to the end of `source`. Doing it again changes nothing but the blob's age."""
        stream = BytesIO(source) if isinstance(source, bytes) else source
        with self._spooled() as (file, spooled):
            hashed = hashlib.sha256()
            while chunk := stream.read(_CHUNK):
                hashed.update(chunk)
                file.write(chunk)
            digest = f"sha256:{hashed.hexdigest()}"
            size_bytes = file.tell()
            self._publish(file, spooled, self._path(digest))
        return Blob(digest, size_bytes, self._modified_ms(self._path(digest)), self._path(digest))

    def read(self, digest: str) -> bytes:
        """The bytes of that name. Raises NotRegistered, ArtifactDamaged."""
        with self._opened(digest) as stored:
            data: bytes = stored.read()
        self._verify(digest, hashlib.sha256(data).hexdigest())
        return data

    def fetch(self, digest: str, to: Path) -> None:
        """Copies a blob to a file, which is there only if it is whole. Raises NotRegistered, ArtifactDamaged."""
        part = to.with_name(f"{to.name}.part")
        hashed = hashlib.sha256()
        try:
            with self._opened(digest) as stored, part.open("wb") as file:
                while chunk := stored.read(_CHUNK):
                    hashed.update(chunk)
                    file.write(chunk)
            self._verify(digest, hashed.hexdigest())
            part.replace(to)
        finally:
            part.unlink(missing_ok=True)

    def blobs(self) -> Iterator[Blob]:
        """All that is stored, with what killed writers left unfinished."""
        found: dict[str, dict[str, Any]] = {}
        for folder in ("sha256", _UNFINISHED):
            found |= self._fs.find(f"{self._root}/{folder}", detail=True)
        for path, detail in sorted(found.items()):
            name = f"sha256:{path.rsplit('/', 1)[1]}"
            digest = name if _DIGEST.fullmatch(name) else path.rsplit("/", 1)[1]
            yield Blob(digest, int(detail["size"]), self._modified_ms(path), path)

    def collect(self, referenced: Collection[str], older_than_ms: int, *, dry_run: bool) -> list[Blob]:
        """Deletes blobs that nothing refers to and that are older than a time; returns them, deleted or only meant.

        The age keeps what was just stored and is not registered yet.
        """
        meant = [blob for blob in self.blobs() if blob.digest not in referenced and blob.modified_ms < older_than_ms]
        if dry_run:
            return meant
        deleted = []
        for blob in meant:
            if self._modified_ms(blob.path) < older_than_ms:  # somebody may have stored the same bytes just now
                self._fs.rm_file(blob.path)
                deleted.append(blob)
        return deleted

    def write_note(self, name: str, data: bytes) -> None:
        """Replaces a small file beside the blobs."""
        with self._spooled() as (file, spooled):
            file.write(data)
            self._publish(file, spooled, f"{self._root}/{name}")

    def read_note(self, name: str) -> bytes | None:
        """A file written by write_note; None where there is none."""
        path = f"{self._root}/{name}"
        return bytes(self._fs.cat_file(path)) if self._fs.exists(path) else None

    def _path(self, digest: str) -> str:
        if not _DIGEST.fullmatch(digest):
            raise ValueError(f"{digest!r} is no digest: sha256: and 64 hex digits are")
        name = digest.removeprefix("sha256:")
        return f"{self._root}/sha256/{name[:2]}/{name}"

    def _modified_ms(self, path: str) -> int:
        return int(self._fs.modified(path).timestamp() * 1_000)

    @contextmanager
    def _spooled(self) -> Iterator[tuple[IO[bytes], str]]:
        """A file to write to; where the store is a folder, within it, so that a rename publishes it."""
        folder = f"{self._root}/{_UNFINISHED}" if self._local else None
        if folder is not None:
            os.makedirs(folder, exist_ok=True)  # noqa: PTH103  fsspec's paths are texts
        with tempfile.NamedTemporaryFile(dir=folder, delete=False) as file:
            try:
                yield file, file.name
            finally:
                Path(file.name).unlink(missing_ok=True)

    def _publish(self, file: IO[bytes], spooled: str, path: str) -> None:
        file.flush()
        folder = path.rsplit("/", 1)[0]
        if not self._local:
            self._fs.makedirs(folder, exist_ok=True)
            self._fs.put_file(spooled, path)  # an object is there as a whole or not at all
            return
        os.fsync(file.fileno())
        os.makedirs(folder, exist_ok=True)  # noqa: PTH103  fsspec's paths are texts
        os.replace(spooled, path)  # noqa: PTH105  fsspec's paths are texts
        for changed in (folder, folder.rsplit("/", 1)[0]):
            _sync_folder(changed)

    @contextmanager
    def _opened(self, digest: str) -> Iterator[Any]:
        path = self._path(digest)
        try:
            stored = self._fs.open(path, "rb")
        except FileNotFoundError as error:
            raise NotRegistered(
                f"The artifact {digest} is not in the store.",
                "look whether DRIFTLINE_REGISTRY_ARTIFACTS is the store it was put in, else restore the store's backup",
            ) from error
        with stored:
            yield stored

    def _verify(self, digest: str, found: str) -> None:
        if digest != f"sha256:{found}":
            raise ArtifactDamaged(
                f"The artifact {digest} is damaged: its bytes are those of sha256:{found}.",
                "restore it from a backup, or put it again from where it was made",
            )


def _sync_folder(folder: str) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
