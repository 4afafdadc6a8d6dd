"""Where the registry is, from the environment."""

from pathlib import Path
from typing import Self

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict
from sqlalchemy import URL, make_url
from sqlalchemy.exc import ArgumentError

from runtime.registry.errors import RegistryError

_DRIVERS = {
    "sqlite": "sqlite",
    "postgres": "postgresql+psycopg",
    "postgresql": "postgresql+psycopg",
    "postgresql+psycopg": "postgresql+psycopg",
}


class RegistrySettings(BaseSettings):
    """Each from the environment variable DRIFTLINE_REGISTRY_<NAME>."""

    model_config = SettingsConfigDict(env_prefix="DRIFTLINE_REGISTRY_", frozen=True, extra="ignore")

    url: SecretStr = Field(SecretStr(""))
    """`postgresql://user:password@host/database` or `sqlite:///path`; it may hold a password."""
    artifacts: str = ""
    """A folder, or an fsspec URL such as `s3://bucket/prefix` (needs the extra `s3`)."""

    @classmethod
    def under(cls, folder: Path) -> Self:
        """The environment's settings; what they leave open is a file and a folder in `folder`/registry."""
        found = cls()
        home = folder.absolute() / "registry"
        return cls(
            url=found.url if found.url.get_secret_value() else SecretStr(f"sqlite:///{home / 'registry.db'}"),
            artifacts=found.artifacts or str(home / "artifacts"),
        )

    def environment(self) -> dict[str, str]:
        """The variables that give a child these settings. The URL may hold a password: never log it."""
        return {
            "DRIFTLINE_REGISTRY_URL": self.url.get_secret_value(),
            "DRIFTLINE_REGISTRY_ARTIFACTS": self.artifacts,
        }

    @property
    def database(self) -> URL:
        """The database, with the driver that is used. Raises RegistryError when it is none of the two."""
        try:
            url = make_url(self.url.get_secret_value())
            return url.set(drivername=_DRIVERS[url.drivername])
        except (ArgumentError, KeyError) as error:
            raise RegistryError(
                "DRIFTLINE_REGISTRY_URL is no address of a database that the registry can use.",
                "set it to sqlite:///path or postgresql://user:password@host/database, or leave it unset",
            ) from error

    @property
    def file(self) -> Path | None:
        """The database's file, where it is one."""
        url = self.database
        return Path(url.database or "") if url.drivername == "sqlite" else None
