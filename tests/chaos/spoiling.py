"""A store's files as a failing disk leaves them."""

import random
from pathlib import Path


def spoil(folder: Path, rng: random.Random) -> None:
    """Overwrites some bytes of one of the folder's files, cuts it off, or removes it; nothing where there is none."""
    files = sorted(path for path in folder.rglob("*") if path.is_file() and path.name != "LOG")
    if not files:
        return
    path, how = rng.choice(files), rng.choice(["overwritten", "cut off", "gone"])
    whole = bytearray(path.read_bytes())
    at = rng.randrange(len(whole) + 1)
    if how == "gone":
        path.unlink()
    elif how == "cut off":
        path.write_bytes(whole[:at])
    else:
        whole[at : at + 16] = rng.randbytes(len(whole[at : at + 16]))
        path.write_bytes(whole)
