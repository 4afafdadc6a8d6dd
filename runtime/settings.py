"""Where Kafka is and how to speak to it, from the environment."""

import ssl
from typing import Any, Literal, Self

from pydantic import Field, SecretStr, field_validator, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from runtime.kafka_errors import log_errors

SecurityProtocol = Literal["PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"]
SaslMechanism = Literal["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"]

_LIBRDKAFKA = {
    "security_protocol": "security.protocol",
    "sasl_mechanism": "sasl.mechanism",
    "sasl_username": "sasl.username",
    "sasl_password": "sasl.password",
    "ssl_ca_location": "ssl.ca.location",
    "ssl_certificate_location": "ssl.certificate.location",
    "ssl_key_location": "ssl.key.location",
    "ssl_key_password": "ssl.key.password",
}


class KafkaSettings(BaseSettings):
    """Settings of the connection, each from the environment variable KAFKA_<NAME> unless noted."""

    model_config = SettingsConfigDict(env_prefix="KAFKA_", frozen=True, populate_by_name=True, extra="ignore")

    bootstrap_servers: str = Field("", validate_default=True)
    """host:port of one or more brokers, separated by commas."""
    security_protocol: SecurityProtocol = "PLAINTEXT"
    sasl_mechanism: SaslMechanism = "SCRAM-SHA-512"
    sasl_username: str | None = None
    sasl_password: SecretStr | None = None
    ssl_ca_location: str | None = None
    """A PEM file; without it the machine's own authorities are trusted."""
    ssl_certificate_location: str | None = None
    ssl_key_location: str | None = None
    ssl_key_password: SecretStr | None = None
    topic_prefix: str = Field("", validation_alias="DRIFTLINE_TOPIC_PREFIX", pattern=r"^[a-zA-Z0-9._-]{0,100}$")
    """Set before every topic, group and transaction, so that several installations can share a cluster."""
    replication_factor: int = Field(-1, validation_alias="DRIFTLINE_REPLICATION_FACTOR", ge=-1)
    """Of topics Driftline creates; -1 leaves it to the cluster (`default.replication.factor`)."""

    @field_validator("bootstrap_servers")
    @classmethod
    def _named(cls, value: str) -> str:
        if not value:
            raise ValueError("set KAFKA_BOOTSTRAP_SERVERS to host:port, or let `driftline up` start a broker")
        return value

    @model_validator(mode="after")
    def _complete(self) -> Self:
        if self.uses_sasl and not (self.sasl_username and self.sasl_password):
            raise ValueError(f"{self.security_protocol} needs a user: set KAFKA_SASL_USERNAME and KAFKA_SASL_PASSWORD")
        if (self.ssl_certificate_location is None) != (self.ssl_key_location is None):
            raise ValueError(
                "a client certificate and its key go together: set both KAFKA_SSL_CERTIFICATE_LOCATION "
                "and KAFKA_SSL_KEY_LOCATION"
            )
        return self

    @property
    def uses_sasl(self) -> bool:
        """Whether clients log in with a user and password."""
        return self.security_protocol.startswith("SASL")

    @property
    def uses_tls(self) -> bool:
        """Whether the connection is encrypted."""
        return self.security_protocol.endswith("SSL")

    def topic(self, name: str) -> str:
        """The name on the cluster of a topic of the catalogue; also for groups and transactional ids."""
        return self.topic_prefix + name

    def client(self, **more: Any) -> dict[str, Any]:
        """A client's librdkafka configuration, with `more` on top: `client(**{"group.id": "drift"})`.

        Its `error_cb` logs connection errors with the next step; the callback runs while the client polls.
        """
        config: dict[str, Any] = {
            "bootstrap.servers": self.bootstrap_servers,
            "reconnect.backoff.max.ms": 2_000,  # after a broker's restart be back soon; the default is 10 s
            "log_level": 3,  # librdkafka's own lines on stderr: errors only, and none for idle connections
            "log.connection.close": False,
            "error_cb": log_errors(self.bootstrap_servers),
        }
        for field, key in _LIBRDKAFKA.items():
            value = getattr(self, field)
            if value is not None and self._applies(field):
                config[key] = value.get_secret_value() if isinstance(value, SecretStr) else value
        return config | more

    def _applies(self, field: str) -> bool:
        prefix, _, _ = field.partition("_")
        return {"sasl": self.uses_sasl, "ssl": self.uses_tls}.get(prefix, True)

    def faust(self) -> dict[str, Any]:
        """Keyword arguments `broker` and, where needed, `broker_credentials` of `faust.App`."""
        servers = self.bootstrap_servers.split(",")
        broker = ";".join(f"kafka://{server.strip()}" for server in servers)
        credentials = _faust_credentials(self)
        return {"broker": broker} if credentials is None else {"broker": broker, "broker_credentials": credentials}

    def environment(self) -> dict[str, str]:
        """The variables that give a child these settings. Passwords are in the clear: never log it."""
        found = {}
        for name, field in type(self).model_fields.items():
            value = getattr(self, name)
            if value is not None:
                variable = field.validation_alias or f"KAFKA_{name.upper()}"
                found[str(variable)] = value.get_secret_value() if isinstance(value, SecretStr) else str(value)
        return found


def _faust_credentials(settings: KafkaSettings) -> Any:
    """Faust's form of user, password and certificates; None for a plain connection."""
    if settings.security_protocol == "PLAINTEXT":
        return None
    import faust  # noqa: PLC0415  slow to import, and only Faust's services have use for it

    context = _ssl_context(settings) if settings.uses_tls else None
    if not settings.uses_sasl:
        return faust.SSLCredentials(context)
    password = settings.sasl_password.get_secret_value() if settings.sasl_password else None
    return faust.SASLCredentials(
        username=settings.sasl_username,
        password=password,
        mechanism=settings.sasl_mechanism,
        ssl_context=context,
    )


def _ssl_context(settings: KafkaSettings) -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=settings.ssl_ca_location)
    if settings.ssl_certificate_location:
        key_password = settings.ssl_key_password.get_secret_value() if settings.ssl_key_password else None
        context.load_cert_chain(settings.ssl_certificate_location, settings.ssl_key_location, key_password)
    return context
