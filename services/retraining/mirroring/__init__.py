"""What the registry says of a model, said again in MLflow. See docs/mlflow.md."""

from services.retraining.mirroring.mirror import Mirror

__all__ = ["Mirror"]
