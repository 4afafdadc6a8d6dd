"""A trainer is found by its name, in one place only."""

from pathlib import Path

import pytest

from runtime.errors import OperatorError
from runtime.training.finding import find
from services.retraining.trainers import BUILT_IN
from tests.unit.retraining_training.misbehaving import Constant

HERE = "tests.unit.retraining_training"
INSTANCE = Constant()
NOTHING = object()


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two packages that bring a trainer `both`, one of them also one `own`."""
    for package, names in {"first": ("both", "own"), "second": ("both",)}.items():
        info = tmp_path / f"{package}-1.0.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {package}\nVersion: 1.0\n")
        places = [f"{name} = {HERE}.{'misbehaving' if package == 'first' else 'rows'}:Constant" for name in names]
        (info / "entry_points.txt").write_text("[driftline.trainers]\n" + "\n".join(places))
    monkeypatch.syspath_prepend(str(tmp_path))


def test_the_trainer_that_comes_along_is_found() -> None:
    assert type(find("scikit-learn", {}, BUILT_IN)).__name__ == "ScikitLearn"


@pytest.mark.parametrize("place", [f"{HERE}.misbehaving:Constant", f"{HERE}.test_finding:INSTANCE"])
def test_the_variable_names_trainers_or_what_makes_them(place: str) -> None:
    trainer = find("mine", {"DRIFTLINE_TRAINERS": f"other=x:y, mine={place}"}, {})
    assert type(trainer).__name__ == "Constant"


@pytest.mark.usefixtures("installed")
def test_an_installed_package_brings_a_trainer() -> None:
    assert type(find("own", {}, {})).__name__ == "Constant"


@pytest.mark.usefixtures("installed")
def test_of_two_packages_with_one_name_the_variable_chooses() -> None:
    with pytest.raises(OperatorError, match=r"Several packages.*misbehaving:Constant.*rows:Constant"):
        find("both", {}, {})
    place = f"{HERE}.misbehaving:Constant"
    assert type(find("both", {"DRIFTLINE_TRAINERS": f"both={place}"}, {})).__name__ == "Constant"


@pytest.mark.parametrize(
    ("variable", "says"),
    [
        ("", "no trainer 'mine'; there are scikit-learn"),
        ("mine", "'mine' without a place"),
        ("mine=nowhere.at.all:It", "cannot be loaded from nowhere.at.all:It"),
        (f"mine={HERE}.rows:Absent", "cannot be loaded"),
        (f"mine={HERE}.test_finding:NOTHING", "is none"),
        (f"mine={HERE}.test_finding:Path", "no methods train and load"),
    ],
)
def test_a_trainer_that_cannot_be_had_is_refused_with_what_to_do(variable: str, says: str) -> None:
    with pytest.raises(OperatorError, match="Next step: ") as refused:
        find("mine", {"DRIFTLINE_TRAINERS": variable}, {"scikit-learn": "never:imported"})
    assert says in refused.value.what
