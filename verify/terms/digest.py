"""A term's digest: equal for equal structure in every process, whatever was built before."""

from __future__ import annotations

from hashlib import blake2b

from verify.terms.term import Term, topological

_BYTES = 16
_DIGESTS: dict[int, bytes] = {}
"""By identity; terms are interned for good."""


def digest(term: Term) -> str:
    """32 hexadecimal digits, of operators, widths, constants and names."""
    if id(term) not in _DIGESTS:
        for node in topological([term]):
            if id(node) not in _DIGESTS:
                own = repr((node.op, node.bits, node.data, len(node.args))).encode()
                below = b"".join(_DIGESTS[id(argument)] for argument in node.args)
                _DIGESTS[id(node)] = blake2b(own + b"\0" + below, digest_size=_BYTES).digest()
    return _DIGESTS[id(term)].hex()
