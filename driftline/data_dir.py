"""The folder a run keeps its data in. It is marked, so that `--fresh` never deletes what is not Driftline's."""

import shutil
from pathlib import Path

from driftline import connection
from driftline.errors import CommandError

_MARK = ".driftline-data"


def prepare(data_dir: Path, *, fresh: bool) -> Path:
    """Makes the folder, empty if `fresh`; returns its absolute path.

    Raises CommandError when something runs in it, or when it would delete a folder that Driftline did not make.
    """
    data_dir = data_dir.resolve()
    found = connection.running(data_dir)
    if found is not None and found[0].parent == data_dir:
        raise CommandError(
            f"{data_dir} is in use by process {found[1].pid}.", "end that one with Ctrl-C, or choose another --data-dir"
        )
    if fresh and data_dir.exists():
        # A marked folder inside, such as the demo's, is another run's.
        own = [entry for entry in data_dir.iterdir() if not (entry / _MARK).exists()]
        if own and not (data_dir / _MARK).exists():
            raise CommandError(
                f"{data_dir} holds files that are not Driftline's, so it is not deleted.", "choose an empty --data-dir"
            )
        for entry in own:
            _delete(entry)
    data_dir.mkdir(parents=True, exist_ok=True)
    (data_dir / _MARK).touch()
    return data_dir


def _delete(entry: Path) -> None:
    if entry.is_dir() and not entry.is_symlink():
        shutil.rmtree(entry)
    else:
        entry.unlink()
