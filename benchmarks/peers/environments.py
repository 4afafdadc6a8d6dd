"""Makes each peer its own virtual environment: `python benchmarks/peers/environments.py [PEER…]`.

Peers pin other versions of numpy and pandas than Driftline, and than one another. An environment holds exactly what
`<peer>.txt` pins, and lies in the cache directory under a name that follows from these pins: other pins, another
environment. Packages come from wherever uv is configured to take them from.
"""

import hashlib
import shutil
import subprocess
import sys
from pathlib import Path

from runtime.broker.jars import cache_dir

HERE = Path(__file__).parent
OWN = frozenset({"driftline", "scipy"})
"""They run in the interpreter of the benchmark: scipy is a dependency of Driftline itself."""
_MADE = "made"


def interpreter(peer: str) -> Path:
    """The peer's Python; makes its environment first where there is none."""
    if peer in OWN:
        return Path(sys.executable)
    pins = HERE / f"{peer}.txt"
    folder = cache_dir() / "peers" / f"{peer}-{hashlib.sha256(pins.read_bytes()).hexdigest()[:12]}"
    python = folder / "bin" / "python"
    if not (folder / _MADE).exists():  # the mark is set last, so that half an environment is made again
        uv = _uv()
        shutil.rmtree(folder, ignore_errors=True)
        folder.parent.mkdir(parents=True, exist_ok=True)
        subprocess.run([uv, "venv", "--quiet", "--python", sys.executable, folder], check=True)
        subprocess.run([uv, "pip", "install", "--quiet", "--python", python, "--requirement", pins], check=True)
        (folder / _MADE).touch()
    return python


def version(peer: str) -> str:
    """The peer's release, as pinned or, for our own dependencies, as installed."""
    code = f"import importlib.metadata as m; print(m.version('{peer.replace('_', '-')}'))"
    return subprocess.run([interpreter(peer), "-c", code], check=True, capture_output=True, text=True).stdout.strip()


def _uv() -> str:
    found = shutil.which("uv") or shutil.which("uv", path=str(Path(sys.executable).parent))
    if not found:
        raise SystemExit("Peers are installed with uv, which is not there. Install it: pip install uv")
    return found


if __name__ == "__main__":
    for name in sys.argv[1:] or sorted(path.stem for path in HERE.glob("*.txt")):
        print(f"{name} {version(name)}: {interpreter(name)}")
