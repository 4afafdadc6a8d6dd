"""A predict function that is timed and told of, whether plain or async."""

import functools
import inspect
from collections.abc import Callable, Mapping
from typing import Any, ParamSpec, TypeVar, cast

P = ParamSpec("P")
R = TypeVar("R")
Call = tuple[tuple[Any, ...], dict[str, Any]]
"""The arguments of one call."""
_FIELDS = frozenset(
    (
        "prediction",
        "prediction_id",
        "score",
        "probabilities",
        "latency_ms",
        "status",
        "segments",
        "variant",
        "entity_id",
        "trace_id",
        "time",
    )
)


def first_argument(*arguments: Any, **named: Any) -> Any:
    """The features, where a function takes them first."""
    return arguments[0] if arguments else next(iter(named.values()))


def what_it_returned(result: Any) -> Mapping[str, Any]:
    """The fields of `log_prediction` in a mapping that has `prediction`; any other result is the prediction itself."""
    if isinstance(result, Mapping) and "prediction" in result:
        return {name: value for name, value in result.items() if name in _FIELDS}
    return {"prediction": result}


def timed(
    function: Callable[P, R], tell: Callable[[Call, Any, float], None], monotonic: Callable[[], float]
) -> Callable[P, R]:
    """The function; after each call that returns, `tell(arguments, result, took_ms)`."""
    if inspect.iscoroutinefunction(function):

        @functools.wraps(function)
        async def awaited(*arguments: P.args, **named: P.kwargs) -> Any:
            started_s = monotonic()
            result = await function(*arguments, **named)
            tell((arguments, named), result, (monotonic() - started_s) * 1_000)
            return result

        return cast("Callable[P, R]", awaited)

    @functools.wraps(function)
    def called(*arguments: P.args, **named: P.kwargs) -> R:
        started_s = monotonic()
        result = function(*arguments, **named)
        tell((arguments, named), result, (monotonic() - started_s) * 1_000)
        return result

    return called
