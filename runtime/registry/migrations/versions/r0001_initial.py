"""The registry's first tables. There is no way back: facts are not deleted, a backup is restored."""

import hashlib

import sqlalchemy as sa
from alembic import op

from runtime.registry.migrations.making import make

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Makes the tables, and the head of an audit log without entries."""
    make(
        "artifact",
        "digest:text size_bytes:big media_type:text registered_ms:big",
        key=["digest"],
        sha256=["digest"],
        century=["registered_ms"],
        rules={"size_bytes": "size_bytes >= 0"},
    )
    make(
        "audit_entry",
        "sequence:big previous_digest:text body:text digest:text",
        key=["sequence"],
        rules={"sequence": "sequence >= 1"},
        unique={"digest": ["digest"], "previous_digest": ["previous_digest"]},
    )
    make(
        "audit_head",
        "id:integer sequence:big digest:text",
        key=["id"],
        rules={"one_row": "id = 1", "sequence": "sequence >= 0"},
    )
    make(
        "dataset",
        "digest:text row_count:big start_ms:big? end_ms:big? registered_ms:big",
        key=["digest"],
        sha256=["digest"],
        century=["end_ms", "registered_ms", "start_ms"],
        rules={"order": "start_ms <= end_ms", "row_count": "row_count >= 0"},
    )
    make(
        "environment",
        "digest:text python:text registered_ms:big",
        key=["digest"],
        sha256=["digest"],
        century=["registered_ms"],
    )
    make("model", "name:text registered_ms:big", key=["name"], century=["registered_ms"])
    make(
        "dataset_range",
        (
            "dataset_digest:text topic_id:text partition:integer start_offset:big end_offset:big topic:text "
            "partitions:integer start_ms:big? end_ms:big?"
        ),
        key=["dataset_digest", "topic_id", "partition", "start_offset"],
        century=["end_ms", "start_ms"],
        rules={
            "offsets": "start_offset >= 0 AND start_offset <= end_offset",
            "order": "start_ms <= end_ms",
            "partition": "partition >= 0 AND partition < partitions",
        },
        foreign={"dataset_digest": ("dataset_digest", "dataset", "digest")},
    )
    make(
        "package",
        "environment_digest:text name:text package_version:text",
        key=["environment_digest", "name"],
        foreign={"environment_digest": ("environment_digest", "environment", "digest")},
    )
    make(
        "run",
        (
            "run_id:text model:text incumbent:text policy:text kind:text priority:text reason:text "
            "window_ids:text actor:text requested_ms:big registered_ms:big"
        ),
        key=["run_id"],
        century=["registered_ms", "requested_ms"],
        rules={
            "kind": "kind IN ('performance', 'drift', 'volume', 'calendar', 'manual')",
            "priority": "priority IN ('low', 'normal', 'high')",
        },
        unique={"run_id": ["run_id", "model"]},
        foreign={"model": ("model", "model", "name")},
    )
    make(
        "statement",
        "model:text section:text stated_ms:big text:text actor:text",
        key=["model", "section", "stated_ms"],
        century=["stated_ms"],
        rules={
            "section": (
                "section IN ('description', 'owner', 'licence', 'intended_use', 'out_of_scope', 'factors', "
                "'ethical_considerations', 'caveats')"
            )
        },
        foreign={"model": ("model", "model", "name")},
    )
    make(
        "gate",
        "run_id:text gate:text passed:boolean registered_ms:big",
        key=["run_id", "gate"],
        century=["registered_ms"],
        rules={"gate": "gate IN ('data', 'model')"},
        foreign={"run_id": ("run_id", "run", "run_id")},
    )
    make(
        "run_step",
        "run_id:text step:text previous:text? detail:text registered_ms:big",
        key=["run_id", "step"],
        century=["registered_ms"],
        rules={
            "transition": (
                "(previous IS NULL AND step = 'started') OR (previous = 'started' AND step IN ('data_gate', "
                "'failed')) OR (previous = 'data_gate' AND step IN ('trained', 'failed')) OR (previous = 'trained' "
                "AND step IN ('model_gate', 'failed')) OR (previous = 'model_gate' AND step IN ('candidate', "
                "'failed')) OR (previous = 'candidate' AND step IN ('approved', 'rejected', 'retired', 'failed')) OR "
                "(previous = 'approved' AND step IN ('promoted', 'rejected', 'retired', 'failed')) OR (previous = "
                "'promoted' AND step IN ('retired'))"
            )
        },
        unique={"run_id": ["run_id", "previous"]},
        foreign={"previous": ("run_id previous", "run_step", "run_id step"), "run_id": ("run_id", "run", "run_id")},
    )
    make(
        "announced",
        "run_id:text step:text registered_ms:big",
        key=["run_id", "step"],
        century=["registered_ms"],
        foreign={"run_id": ("run_id step", "run_step", "run_id step")},
    )
    make(
        "run_joined",
        (
            "trigger_id:text run_id:text model:text policy:text kind:text priority:text reason:text window_ids:text "
            "actor:text requested_ms:big registered_ms:big"
        ),
        key=["trigger_id"],
        century=["registered_ms", "requested_ms"],
        rules={
            "another": "trigger_id <> run_id",
            "kind": "kind IN ('performance', 'drift', 'volume', 'calendar', 'manual')",
            "priority": "priority IN ('low', 'normal', 'high')",
        },
        foreign={"run_id": ("run_id model", "run", "run_id model")},
    )
    make(
        "run_product",
        "run_id:text name:text digest:text registered_ms:big",
        key=["run_id", "name"],
        century=["registered_ms"],
        foreign={"digest": ("digest", "artifact", "digest"), "run_id": ("run_id", "run", "run_id")},
    )
    make(
        "refusal",
        (
            "digest:text approval_id:text run_id:text model:text version:text artifact_digest:text decision:text "
            "actor:text reason:text time_ms:big detail:text registered_ms:big"
        ),
        key=["digest"],
        sha256=["digest"],
        century=["registered_ms", "time_ms"],
        rules={"decision": "decision IN ('approve', 'reject')"},
    )
    make(
        "version",
        (
            "model:text version:text run_id:text? artifact_digest:text? baseline_digest:text? task:text? "
            "code_version:text? environment_digest:text? registered_ms:big"
        ),
        key=["model", "version"],
        century=["registered_ms"],
        rules={
            "baseline_digest": "length(baseline_digest) = 16",
            "made": "run_id IS NULL OR artifact_digest IS NOT NULL",
            "task": "task IN ('binary', 'multiclass', 'regression')",
        },
        unique={"approved": ["run_id", "model", "version", "artifact_digest"], "run_id": ["run_id"]},
        foreign={
            "artifact_digest": ("artifact_digest", "artifact", "digest"),
            "environment_digest": ("environment_digest", "environment", "digest"),
            "model": ("model", "model", "name"),
            "run_id": ("run_id model", "run", "run_id model"),
        },
    )
    make(
        "approval",
        (
            "approval_id:text run_id:text model:text version:text artifact_digest:text target:text decision:text "
            "max_weight_bp:integer actor:text requester:text reason:text time_ms:big expires_ms:big "
            "registered_ms:big"
        ),
        key=["approval_id"],
        century=["expires_ms", "registered_ms", "time_ms"],
        rules={
            "decision": "decision IN ('approve', 'reject')",
            "order": "time_ms <= expires_ms",
            "max_weight": "max_weight_bp BETWEEN 0 AND 10000",
            "two_people": "decision = 'reject' OR actor <> requester",
        },
        foreign={"run_id": ("run_id model version artifact_digest", "version", "run_id model version artifact_digest")},
    )
    make(
        "gate_rule",
        (
            "run_id:text gate:text position:integer rule:text feature:text? passed:boolean figure:real? bound:real? "
            "detail:text"
        ),
        key=["run_id", "gate", "position"],
        rules={"position": "position >= 0"},
        foreign={"run_id": ("run_id gate", "gate", "run_id gate")},
    )
    make(
        "importance",
        "model:text version:text feature:text share:real",
        key=["model", "version", "feature"],
        rules={"share": "share BETWEEN 0 AND 1"},
        foreign={"model": ("model version", "version", "model version")},
    )
    make(
        "metric",
        (
            "model:text version:text dataset_digest:text segment:text name:text figure:real? low:real? high:real?"
            " n:big resolution:real why_not:text? registered_ms:big"
        ),
        key=["model", "version", "dataset_digest", "segment", "name"],
        century=["registered_ms"],
        rules={
            "interval": "low <= figure AND figure <= high",
            "known_or_why_not": "(figure IS NULL) <> (why_not IS NULL)",
            "n": "n >= 0",
        },
        foreign={
            "dataset_digest": ("dataset_digest", "dataset", "digest"),
            "model": ("model version", "version", "model version"),
        },
    )
    make(
        "parameter",
        "model:text version:text name:text setting:text",
        key=["model", "version", "name"],
        foreign={"model": ("model version", "version", "model version")},
    )
    make(
        "seed",
        "model:text version:text name:text seed:big",
        key=["model", "version", "name"],
        foreign={"model": ("model version", "version", "model version")},
    )
    make(
        "version_dataset",
        "model:text version:text role:text dataset_digest:text",
        key=["model", "version", "role"],
        rules={"role": "role IN ('training', 'validation', 'holdout', 'cases')"},
        foreign={
            "dataset_digest": ("dataset_digest", "dataset", "digest"),
            "model": ("model version", "version", "model version"),
        },
    )
    make(
        "deployment",
        (
            "target:text epoch:big generation:big command_id:text rollout_id:text approval_id:text? "
            "stable_version:text actor:text from_ms:big registered_ms:big"
        ),
        key=["target", "epoch", "generation"],
        century=["from_ms", "registered_ms"],
        rules={"generation": "epoch >= 0 AND generation >= 0"},
        unique={"command_id": ["command_id"]},
        foreign={"approval_id": ("approval_id", "approval", "approval_id")},
    )
    make(
        "deployment_variant",
        "target:text epoch:big generation:big model:text version:text mirrored:boolean weight_bp:integer digest:text",
        key=["target", "epoch", "generation", "model", "version", "mirrored"],
        rules={"weight": "weight_bp BETWEEN 0 AND 10000"},
        foreign={
            "target": ("target epoch generation", "deployment", "target epoch generation"),
            "version": ("model version", "version", "model version"),
        },
    )
    op.create_index(op.f("ix_deployment_variant_model"), "deployment_variant", ["model", "version"])
    head = sa.table("audit_head", sa.column("id"), sa.column("sequence"), sa.column("digest"))
    op.execute(head.insert().values(id=1, sequence=0, digest=f"sha256:{hashlib.sha256(b'').hexdigest()}"))
