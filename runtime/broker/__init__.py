from runtime.broker.embedded import EmbeddedKafka

__all__ = ["EmbeddedKafka"]
