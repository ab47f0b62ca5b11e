"""What each operator means on plain integers: the evaluator's and the constant folder's only source."""

from __future__ import annotations


def signed(value: int, bits: int) -> int:
    return value - (1 << bits) if value >> (bits - 1) & 1 else value


def _divide(left: int, right: int, bits: int) -> int:
    a, b = signed(left, bits), signed(right, bits)
    if b == 0:
        return 1 if a < 0 else (1 << bits) - 1
    quotient = abs(a) // abs(b)
    return quotient if (a < 0) == (b < 0) else -quotient


def _remainder(left: int, right: int, bits: int) -> int:
    a, b = signed(left, bits), signed(right, bits)
    if b == 0:
        return left
    rest = abs(a) % abs(b)
    return -rest if a < 0 else rest


def apply(op: str, bits: int, values: tuple[int, ...], widths: tuple[int, ...], data: object) -> int:
    """The value of `op` (SMT-LIB's total meaning, division by zero included); truth values are 0 and 1."""
    result = _boolean(op, values, widths)
    if result is not None:
        return result
    result = _shape(op, bits, values, widths, data)
    if result is None:
        result = _arithmetic(op, bits, values)
    return result & ((1 << bits) - 1) if bits else result


def _boolean(op: str, v: tuple[int, ...], widths: tuple[int, ...]) -> int | None:
    match op:
        case "band":
            return int(all(v))
        case "bor":
            return int(any(v))
        case "bnot":
            return 1 - v[0]
        case "eq":
            return int(v[0] == v[1])
        case "ult":
            return int(v[0] < v[1])
        case "ule":
            return int(v[0] <= v[1])
        case "slt":
            return int(signed(v[0], widths[0]) < signed(v[1], widths[1]))
        case "sle":
            return int(signed(v[0], widths[0]) <= signed(v[1], widths[1]))
    return None


def _shape(op: str, bits: int, v: tuple[int, ...], widths: tuple[int, ...], data: object) -> int | None:
    match op:
        case "ite":
            return v[1] if v[0] else v[2]
        case "extract":
            assert isinstance(data, tuple)
            return v[0] >> int(data[1])
        case "concat":
            return v[0] << widths[1] | v[1]
        case "zext":
            return v[0]
        case "sext":
            return signed(v[0], widths[0])
    return None


def _arithmetic(op: str, bits: int, v: tuple[int, ...]) -> int:
    match op:
        case "add":
            return v[0] + v[1]
        case "sub":
            return v[0] - v[1]
        case "mul":
            return v[0] * v[1]
        case "udiv":
            return v[0] // v[1] if v[1] else (1 << bits) - 1
        case "urem":
            return v[0] % v[1] if v[1] else v[0]
        case "sdiv":
            return _divide(v[0], v[1], bits)
        case "srem":
            return _remainder(v[0], v[1], bits)
        case "and":
            return v[0] & v[1]
        case "or":
            return v[0] | v[1]
        case "xor":
            return v[0] ^ v[1]
        case "not":
            return ~v[0]
        case "shl":
            return v[0] << v[1] if v[1] < bits else 0
        case "lshr":
            return v[0] >> v[1] if v[1] < bits else 0
        case "ashr":
            return signed(v[0], bits) >> min(v[1], bits)
    raise ValueError(f"no meaning for operator {op}")
