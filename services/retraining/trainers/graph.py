"""An ONNX graph under construction: values have names, nodes take some and make one."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from runtime.training.protocol import Kind

ML: Final = "ai.onnx.ml"
OWN: Final = "driftline#"
"""What names of values begin with."""
_OPSETS: Final = {"": 17, ML: 3}
_IR_VERSION: Final = 8
"""Old enough for every runtime of these years."""
_INPUT: Final = {"numeric": TensorProto.FLOAT, "boolean": TensorProto.FLOAT, "categorical": TensorProto.STRING}


class Graph:
    """The same calls make the same bytes."""

    def __init__(self) -> None:
        self._nodes: list[Any] = []
        self._constants: list[Any] = []

    def add(self, operator: str, *inputs: str, domain: str = "", **attributes: Any) -> str:
        """A node with one output; gives the output's name."""
        output = f"{OWN}{len(self._nodes)}"
        self._nodes.append(helper.make_node(operator, inputs, [output], name=output, domain=domain, **attributes))
        return output

    def constant(self, values: NDArray[Any] | Sequence[Any]) -> str:
        """A tensor of the model's own; gives its name."""
        name = f"{OWN}c{len(self._constants)}"
        array = np.asarray(values)
        self._constants.append(
            numpy_helper.from_array(array.astype(object) if array.dtype.kind == "U" else array, name)
        )
        return name

    def model(
        self, features: Mapping[str, Kind], outputs: Mapping[str, tuple[str, Any]], notes: Mapping[str, str]
    ) -> bytes:
        """The finished model; `outputs` are (name of a value, value info) by output name, `notes` its metadata."""
        for name, (value, _) in outputs.items():
            self._nodes.append(helper.make_node("Identity", [value], [name], name=name))
        graph = helper.make_graph(
            self._nodes,
            "driftline",
            [helper.make_tensor_value_info(name, _INPUT[kind], [None, 1]) for name, kind in features.items()],
            [info for _, info in outputs.values()],
            self._constants,
        )
        model = helper.make_model(
            graph,
            opset_imports=[helper.make_opsetid(domain, version) for domain, version in _OPSETS.items()],
            producer_name="driftline",
            ir_version=_IR_VERSION,
        )
        helper.set_model_props(model, dict(notes))
        onnx.checker.check_model(model)
        data: bytes = model.SerializeToString(deterministic=True)
        return data
