"""Loads and bit operations that numba does not offer, for the compiled parser.

Every load may read up to eight bytes past its place: buffers end in `PADDING` zero bytes.
"""

from collections.abc import Callable
from typing import Any, TypeVar, cast

from llvmlite import ir
from numba import njit, types
from numba.extending import intrinsic as _intrinsic

PADDING = 16

intrinsic: Any = _intrinsic
_types: Any = types
_Function = TypeVar("_Function", bound=Callable[..., Any])


def compiled(function: _Function) -> _Function:
    """Compiles at the first call and keeps the machine code on disk, so that later processes need no compiler."""
    result: Any = njit(cache=True, nogil=True, error_model="numpy")(function)
    return cast("_Function", result)


def inlined(function: _Function) -> _Function:
    """As `compiled`, and always inlined into the caller."""
    result: Any = njit(cache=True, nogil=True, error_model="numpy", forceinline=True)(function)
    return cast("_Function", result)


def _load(bits: int, result: Any) -> Any:
    def typed(_context: Any, array: Any, offset: Any) -> Any:
        signature = result(array, offset)

        def generate(context: Any, builder: Any, _signature: Any, arguments: Any) -> Any:
            data = arguments[0]
            if isinstance(array, types.Array):
                data = context.make_array(array)(context, builder, data).data
            place = builder.bitcast(builder.gep(data, [arguments[1]]), ir.IntType(bits).as_pointer())
            loaded = builder.load(place)
            loaded.align = 1
            return loaded if bits == result.bitwidth else builder.zext(loaded, ir.IntType(result.bitwidth))

        return signature, generate

    return typed


byte: Any = intrinsic(_load(8, types.int64))
"""byte(uint8[:] or pointer, offset) -> int64."""
word: Any = intrinsic(_load(64, types.uint64))
"""word(uint8[:] or pointer, offset) -> uint64, little endian, at any offset."""


@intrinsic  # type: ignore[untyped-decorator, unused-ignore]  # numba is untyped
def pointers(_context: Any, arrays: Any) -> Any:
    """The named tuple of arrays as one of pointers to their first elements: no reference counts, no checks.

    Whoever calls must keep the arrays alive. Other members stay as they are.
    """
    members = [_types.CPointer(t.dtype) if isinstance(t, types.Array) else t for t in arrays.types]
    result = _types.NamedTuple(members, arrays.instance_class)

    def generate(context: Any, builder: Any, _signature: Any, arguments: Any) -> Any:
        values = []
        for place, member in enumerate(arrays.types):
            value = builder.extract_value(arguments[0], place)
            if isinstance(member, types.Array):
                value = context.make_array(member)(context, builder, value).data
            values.append(value)
        return context.make_tuple(builder, result, values)

    return result(arrays), generate


@intrinsic  # type: ignore[untyped-decorator, unused-ignore]  # numba is untyped
def trailing_zeros(_context: Any, x: Any) -> Any:
    """Zero bits below the lowest set bit of a uint64 that is not 0, as int64."""

    def generate(_context: Any, builder: Any, _signature: Any, arguments: Any) -> Any:
        return builder.cttz(arguments[0], ir.Constant(ir.IntType(1), 1))

    return types.int64(x), generate


@intrinsic  # type: ignore[untyped-decorator, unused-ignore]  # numba is untyped
def leading_zeros(_context: Any, x: Any) -> Any:
    """Zero bits above the highest set bit of a uint64 that is not 0, as int64."""

    def generate(_context: Any, builder: Any, _signature: Any, arguments: Any) -> Any:
        return builder.ctlz(arguments[0], ir.Constant(ir.IntType(1), 1))

    return types.int64(x), generate


@intrinsic  # type: ignore[untyped-decorator, unused-ignore]  # numba is untyped
def high_product(_context: Any, x: Any, y: Any) -> Any:
    """The upper 64 bits of the 128-bit product of two uint64."""

    def generate(_context: Any, builder: Any, _signature: Any, arguments: Any) -> Any:
        wide = ir.IntType(128)
        product = builder.mul(*(builder.zext(argument, wide) for argument in arguments))
        return builder.trunc(builder.lshr(product, ir.Constant(wide, 64)), ir.IntType(64))

    return types.uint64(x, y), generate


@intrinsic  # type: ignore[untyped-decorator, unused-ignore]  # numba is untyped
def float_of_bits(_context: Any, x: Any) -> Any:
    """The float64 whose bits a uint64 holds."""

    def generate(_context: Any, builder: Any, _signature: Any, arguments: Any) -> Any:
        return builder.bitcast(arguments[0], ir.DoubleType())

    return types.float64(x), generate
