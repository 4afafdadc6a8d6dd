"""The database itself refuses what must not be, whoever writes to it."""

import re
from typing import Any

import pytest
from sqlalchemy import delete, insert, select
from sqlalchemy.exc import IntegrityError

from runtime.registry import Registry
from runtime.registry.tables import METADATA
from tests.unit.registry.story import HOLDOUT, NEW, OLD, RUN, T0, live

APPROVAL = {"approval_id": "another"}
REFUSED: dict[str, tuple[str, dict[str, Any], str]] = {
    "a time in seconds": ("model", {"name": "m", "registered_ms": 1_362_000_000}, "registered_ms"),
    "a digest that is none": ("artifact", {"digest": "md5:12"}, "artifact_digest"),
    "a version of no model": ("version", {"model": "nobody", "run_id": None}, "foreign key"),
    "a run for no model": ("run", {"run_id": "r", "model": "nobody"}, "foreign key"),
    "a second run of one trigger": ("run", {}, "unique"),
    "a run asked for by nothing known": ("run", {"run_id": "r", "kind": "whim"}, "ck_run_kind"),
    "a step that cannot follow": ("run_step", {"previous": "rejected", "step": "promoted"}, "transition"),
    "a word for a step that is none": ("run_step", {"previous": "approved", "step": "paused"}, "transition"),
    "a run that forks": ("run_step", {"previous": "candidate", "step": "rejected"}, "unique"),
    "a step after one never taken": ("run_step", {"previous": "promoted", "step": "retired"}, "foreign key"),
    "a second version of one run": ("version", {"version": "twin"}, "unique"),
    "a run's version without bytes": ("version", {"version": "twin", "artifact_digest": None}, "made"),
    "an approval of one's own": ("approval", {**APPROVAL, "requester": "mara@example.org"}, "two_people"),
    "an approval of other bytes": ("approval", {**APPROVAL, "artifact_digest": HOLDOUT}, "foreign key"),
    "an approval of another version": ("approval", {**APPROVAL, "version": OLD}, "foreign key"),
    "an approval of more than all traffic": ("approval", {**APPROVAL, "max_weight_bp": 10_001}, "max_weight"),
    "an approval that was over before it was given": ("approval", {**APPROVAL, "expires_ms": T0}, "ck_approval_order"),
    "a request that joins itself": ("run_joined", {"trigger_id": RUN}, "another"),
    "a request that joins two runs": ("run_joined", {"policy": "another"}, "unique"),
    "a request that joins another model's run": ("run_joined", {"trigger_id": "t", "model": "nobody"}, "foreign key"),
    "a product that nobody registered": ("run_product", {"name": "x", "digest": HOLDOUT}, "foreign key"),
    "two products of one name": ("run_product", {"registered_ms": T0 + 1}, "unique"),
    "telling of a step never taken": ("announced", {"step": "rejected"}, "foreign key"),
    "a refusal of no decision": ("refusal", {"digest": HOLDOUT, "decision": "shrug"}, "ck_refusal_decision"),
    "a share of more than all": ("importance", {"feature": "x", "share": 1.01}, "share"),
    "a figure that is absent for no reason": ("metric", {"name": "x", "figure": None}, "known_or_why_not"),
    "a figure outside its interval": ("metric", {"name": "x", "figure": 0.9}, "interval"),
    "a range that ends before it begins": ("dataset_range", {"start_offset": 9, "end_offset": 8}, "offsets"),
    "a partition the topic has not": ("dataset_range", {"partition": 2}, "ck_dataset_range_partition"),
    "traffic of no version": ("deployment_variant", {"version": "unheard of"}, "foreign key"),
    "a command obeyed twice": ("deployment", {"generation": 9}, "unique"),
    "a second head of the log": ("audit_head", {"id": 2}, "one_row"),
    "a log that forks": ("audit_entry", {"sequence": 99, "digest": "x"}, "unique"),
}
"""A row like one that is there, but for these columns; and what the database names."""
LIKE = {"version": {"version": NEW}, "metric": {"segment": "", "name": "f1"}}
"""Which row is taken, where it matters."""


@pytest.fixture
def lived(registry: Registry) -> Registry:
    live(registry)
    return registry


def test_the_database_refuses(lived: Registry) -> None:
    said = {}
    for name, (table_name, changes, _) in REFUSED.items():
        table = METADATA.tables[table_name]
        like = (table.c[column] == value for column, value in LIKE.get(table_name, {}).items())
        with lived.engine.connect() as connection:
            row = connection.execute(select(table).where(*like)).mappings().first()
        assert row is not None
        try:
            with lived.engine.begin() as connection:
                connection.execute(insert(table).values({**row, **changes}))
        except IntegrityError as error:
            said[name] = str(error.orig).lower()
    assert said.keys() == REFUSED.keys()
    assert [name for name, (*_, why) in REFUSED.items() if not re.search(why, said[name])] == []
    assert lived.verify() == []


def test_what_others_refer_to_cannot_be_deleted(lived: Registry) -> None:
    datasets = METADATA.tables["dataset"]
    with pytest.raises(IntegrityError), lived.engine.begin() as connection:
        connection.execute(delete(datasets).where(datasets.c.digest == HOLDOUT))
