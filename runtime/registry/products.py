"""What the stages of a run left in the artifact store, by name."""

from sqlmodel import Session

from runtime.registry.artifacts import Blob
from runtime.registry.facts import Stamp, found, record
from runtime.registry.tables import Artifact, RunProduct


def record_product(  # noqa: PLR0917  whose, which, what
    session: Session, stamp: Stamp, run_id: str, name: str, blob: Blob, media_type: str
) -> bool:
    """Registers stored bytes under a name of a run, so that they are kept; false if they were registered before.

    Raises Conflict where the run has other bytes under that name, or there is no such run.
    """
    artifact = Artifact(
        digest=blob.digest, size_bytes=blob.size_bytes, media_type=media_type, registered_ms=stamp.now_ms
    )
    product = RunProduct(run_id=run_id, name=name, digest=blob.digest, registered_ms=stamp.now_ms)
    return record(session, "record_product", stamp, artifact, product)


def products_of(session: Session, run_id: str) -> dict[str, str]:
    """Digests of a run's products by name."""
    return {product.name: product.digest for product in found(session, RunProduct, run_id=run_id)}
