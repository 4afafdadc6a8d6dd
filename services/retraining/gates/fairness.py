"""How the groups of the protected attributes fare under either model, on the same rows."""

from schemas.performance import Fairness as Rules
from services.retraining.gates.trial import Pairing, Side
from stats.performance.fairness import Fairness, fairness


def fairness_of(pairing: Pairing, side: Side, rules: Rules) -> dict[str, Fairness | None]:
    """By protected attribute; None where no row has a group of it, or the favourable class is none of the model's.

    Nothing of a regression: nobody is selected by a number.
    """
    if not pairing.layout.classes:
        return {}
    known = rules.favourable in {None, *pairing.layout.classes}
    found: dict[str, Fairness | None] = {}
    for attribute in rules.protected:
        cells = {name: group.cells(side) for name, group in pairing.groups(attribute.name).items()}
        found[attribute.name] = None
        if cells and known:
            found[attribute.name] = fairness(
                pairing.layout,
                cells,
                favourable=rules.favourable,
                against=attribute.against if attribute.against in cells else None,
                min_count=rules.min_count,
            )
    return found
