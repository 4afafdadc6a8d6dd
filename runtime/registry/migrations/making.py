"""How migrations make a table. What it makes of the same words never changes: databases were made with it."""

from collections.abc import Mapping, Sequence

import sqlalchemy as sa
from alembic import op

KINDS = {"text": sa.String, "big": sa.BigInteger, "integer": sa.Integer, "real": sa.Float, "boolean": sa.Boolean}


def make(
    table: str,
    columns: str,
    *,
    key: Sequence[str],
    sha256: Sequence[str] = (),
    century: Sequence[str] = (),
    rules: Mapping[str, str] | None = None,
    unique: Mapping[str, Sequence[str]] | None = None,
    foreign: Mapping[str, tuple[str, str, str]] | None = None,
) -> None:
    """Makes a table. `columns`: `name:kind`, `?` where null is allowed. `foreign`: own columns, table, its columns.

    `sha256` columns hold `sha256:` and 64 digits, `century` ones milliseconds between the years 2000 and 2100.
    """
    pairs = [[*column.removesuffix("?").split(":"), column[-1]] for column in columns.split()]
    checks = {
        **{name: f"substr({name}, 1, 7) = 'sha256:' AND length({name}) = 71" for name in sha256},
        **{name: f"{name} BETWEEN 946684800000 AND 4102444800000" for name in century},
        **(rules or {}),
    }
    op.create_table(
        table,
        *(sa.Column(name, KINDS[kind](), nullable=end == "?", autoincrement=False) for name, kind, end in pairs),
        sa.PrimaryKeyConstraint(*key, name=op.f(f"pk_{table}")),
        *(sa.CheckConstraint(rule, name=op.f(f"ck_{table}_{name}")) for name, rule in checks.items()),
        *(sa.UniqueConstraint(*names, name=op.f(f"uq_{table}_{name}")) for name, names in (unique or {}).items()),
        *(
            sa.ForeignKeyConstraint(
                own.split(), [f"{other}.{column}" for column in theirs.split()], name=op.f(f"fk_{table}_{name}")
            )
            for name, (own, other, theirs) in (foreign or {}).items()
        ),
    )
