"""A fitted model as an artifact that alone says what it answers: ONNX, from features by name to the answer."""

import json
from collections.abc import Mapping
from typing import Final

import numpy as np
from onnx import TensorProto, helper

from runtime.errors import OperatorError
from runtime.training.protocol import Task
from services.retraining.trainers.encoding import LinearEncoding, TreeEncoding
from services.retraining.trainers.graph import OWN, Graph
from services.retraining.trainers.scores import Adjustment, Model

MEDIA_TYPE: Final = "application/vnd.onnx"
LABEL: Final = "output_label"
PROBABILITY: Final = "output_probability"
VALUE: Final = "output_value"
TASK: Final = "driftline.task"
THRESHOLD: Final = "driftline.threshold"


def artifact_of(
    task: Task, encoding: LinearEncoding | TreeEncoding, model: Model, adjustment: Adjustment, *, threshold: float
) -> bytes:
    """The model's bytes, with its scores adjusted; a binary task's positive class is answered from `threshold` on.

    Inputs: one a feature (feeding.py). Outputs of a classification: `output_label` [n] strings and
    `output_probability` [n, classes] floats; of a regression `output_value` [n, 1] floats.
    """
    taken = [name for name in task.features if name in {LABEL, PROBABILITY, VALUE} or name.startswith(OWN)]
    if taken:
        raise OperatorError(
            f"The artifact has values of these names itself: {', '.join(taken)}.", "rename the features"
        )
    graph = Graph()
    raw = model.emit(graph, encoding.emit(graph))
    scores = graph.add(
        "Add",
        graph.add("Mul", raw, graph.constant(np.array([adjustment.scale], np.float32))),
        graph.constant(adjustment.shift.astype(np.float32)),
    )
    notes = {TASK: json.dumps({"kind": task.kind, "classes": task.classes, "features": dict(task.features)})}
    if task.kind == "regression":
        return graph.model(task.features, {VALUE: (scores, _floats(VALUE, 1))}, notes)
    chances = graph.add("Softmax", scores, axis=1)
    if task.kind == "binary":
        notes[THRESHOLD] = repr(threshold)
        positive = graph.add("Gather", chances, graph.constant(np.array(1)), axis=1)
        place = graph.add(
            "Cast", graph.add("GreaterOrEqual", positive, graph.constant(np.array(threshold, np.float32))), to=7
        )
    else:
        place = graph.add("ArgMax", chances, axis=1, keepdims=0)
    label = graph.add("Gather", graph.constant(task.classes), place)
    outputs = {
        LABEL: (label, helper.make_tensor_value_info(LABEL, TensorProto.STRING, [None])),
        PROBABILITY: (chances, _floats(PROBABILITY, len(task.classes))),
    }
    return graph.model(task.features, outputs, notes)


def task_in(notes: Mapping[str, str]) -> Task | None:
    """The task that an artifact's metadata tell; None where they tell none."""
    if TASK not in notes:
        return None
    told = json.loads(notes[TASK])
    return Task(told["kind"], tuple(told["classes"]), told["features"])


def _floats(name: str, width: int) -> object:
    return helper.make_tensor_value_info(name, TensorProto.FLOAT, [None, width])
