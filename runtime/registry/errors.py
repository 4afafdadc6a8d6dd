"""What the registry refuses, and the next step."""

from runtime.errors import OperatorError


class RegistryError(OperatorError):
    """The registry cannot be used, or refuses a fact."""


class NotRegistered(RegistryError):  # noqa: N818  it is what is missing
    """A model or version that is asked for is not there."""


class Conflict(RegistryError):  # noqa: N818  as in HTTP's 409
    """A fact contradicts one that was registered before under the same key, or breaks a rule. Nothing was written."""


class ArtifactDamaged(RegistryError):  # noqa: N818  it is what has happened
    """Stored bytes are not those that their name says."""
