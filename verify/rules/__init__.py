"""What a rule's author writes with; `specs/` imports only this package.

    from verify.rules import Clause, Part, Scene, rule, part, require, independent
"""

from verify.rules.binding import Binding
from verify.rules.memory import BufferAccess, Content, Hazard, LockStep, Page, Transfer
from verify.rules.rule import (
    IDENTIFIER,
    UPPERS,
    Clause,
    Part,
    Require,
    Rule,
    independent,
    part,
    provenance,
    require,
    rule,
    unaffected,
)
from verify.rules.scene import Access, Call, Result, Scene, Smc, State
from verify.rules.words import Truth, Word, all_of, any_of, blame, either, no, number

__all__ = [
    "IDENTIFIER", "UPPERS", "Access", "Binding", "BufferAccess", "Call", "Clause", "Content", "Hazard", "LockStep",
    "Page", "Part", "Require", "Result", "Rule", "Scene", "Smc", "State", "Transfer", "Truth", "Word", "all_of",
    "any_of", "blame", "either", "independent", "no", "number", "part", "provenance", "require", "rule", "unaffected",
]
