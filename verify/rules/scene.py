"""One host call, from the trap to the host's next instruction: what a rule may speak of.

`pre.x` is x as seen when its lock was taken, or at its first read; `post.x` is x when the call ends.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from functools import lru_cache

from verify.rules.memory import (
    NO,
    NO_CONTENT,
    NO_PAGE,
    PAGE_STATE_BITS,
    BufferAccess,
    Content,
    Hazard,
    LockStep,
    Page,
    Transfer,
)
from verify.rules.words import RuleError, Truth, Word, all_of, any_of, blame, number
from verify.terms import build as t
from verify.terms.term import Term

NO_STATE, NO_INDEX, NO_SIZE = number(0, PAGE_STATE_BITS), number(0, 32), number(0, 64)


def _index(number: int, limit: int) -> int:
    if not 0 <= number < limit:
        raise RuleError(f"there is no register x{number} here (x0 to x{limit - 1})")
    return number


@lru_cache(maxsize=4096)
def _is(x0: Term, functions: tuple[int, ...]) -> Term:
    """Rules ask it more often than anything else."""
    return Call((Word(x0),)).function.one_of(functions).term


@dataclass(frozen=True, slots=True)
class Call:
    """The host's registers at the trap."""

    registers: tuple[Word, ...]

    def x(self, number: int) -> Word:
        return self.registers[_index(number, 31)]

    def w(self, number: int) -> Word:
        return self.x(number).low32

    @property
    def function(self) -> Word:
        """w0 without the SVE hint (bit 16)."""
        return self.w(0).masked(0xFFFEFFFF)

    @property
    def is64(self) -> Truth:
        return self.function.bits_(30, 30) == 1

    def is_(self, *functions: int) -> Truth:
        named = self.registers[0]
        return Truth(_is(named.term, functions), named.outputs)


@dataclass(frozen=True, slots=True)
class State:
    """EL2's FF-A state: `version` (32 bits) and `negotiated`; other bound statics by name."""

    version: Word
    negotiated: Truth
    others: Mapping[str, Word]
    has_tx: Truth = NO
    """The host has registered its mailbox: EL2 knows the TX buffer. `post`: as this call leaves it."""
    tx_at: Word = NO_SIZE
    """Physical address of the host's TX buffer, where EL2 knows one (64 bits)."""
    has_rx: Truth = NO
    rx_at: Word = NO_SIZE
    asked: Truth = NO
    """Some function of FF-A besides FFA_VERSION was asked of EL3 since boot; `pre` only."""
    mapped: Truth = NO
    """EL3 has EL2's own pair of buffers mapped, as its answers to FFA_RXTX_MAP and FFA_RXTX_UNMAP have it."""

    @property
    def minor(self) -> Word:
        return self.version.bits_(15, 0)

    @property
    def major(self) -> Word:
        return self.version.bits_(30, 16)

    def at_least(self, major: int, minor: int) -> Truth:
        """Field by field: bit 31 clear, then major, then minor."""
        same = (self.major == major) & (self.minor >= minor)
        return (self.version.bits_(31, 31) == 0) & ((self.major > major) | same)


@dataclass(frozen=True, slots=True)
class Result:
    """The host's registers when it goes on. `handled`: EL2 made the completion; else it was forwarded."""

    handled: Truth
    registers: tuple[Word, ...]

    @property
    def forwarded(self) -> Truth:
        return ~self.handled

    def x(self, number: int) -> Word:
        return self.registers[_index(number, 31)]

    def w(self, number: int) -> Word:
        return self.x(number).low32

    def is_error(self, code: int) -> Truth:
        """`ret(c)` of the catalogue: FFA_ERROR in w0, the status code in w2; nothing else is looked at."""
        return (self.w(0) == 0x84000060) & (self.w(2) == code & 0xFFFFFFFF)

    def refused(self, code: int) -> Truth:
        return self.handled & self.is_error(code)


@dataclass(frozen=True, slots=True)
class Smc:
    """One SMC that EL2 may make: `made` says when; `x` are its parameters, `q` what EL3 answers.

    `tx` is what EL2's TX buffer holds then, `rx` what EL2's RX buffer holds afterwards; `page_state` the state of the
    arbitrary page then, `by_us` if this call gave it that state; `locked`: the buffers' lock is held.
    """

    made: Truth
    parameters: tuple[Word, ...]
    results: tuple[Word, ...]
    tx: Content = NO_CONTENT
    rx: Content = NO_CONTENT
    page_state: Word = NO_STATE
    page_found: Word = NO_STATE
    """The page's state when this call first changed it; where it did not, as `page_state`."""
    by_us: Truth = NO
    locked: Truth = NO
    asked: Truth = NO
    """Some function of FF-A besides FFA_VERSION was asked before, since boot."""
    own: Truth = NO
    """EL2's own business: it has not looked at the call's parameters yet, so that nothing of them is in it."""

    def x(self, number: int) -> Word:
        return self.parameters[_index(number, 18)]

    def w(self, number: int) -> Word:
        return self.x(number).low32

    def q(self, number: int) -> Word:
        return self.results[_index(number, 18)]

    def qw(self, number: int) -> Word:
        return self.q(number).low32


@dataclass(frozen=True, slots=True)
class Access:
    """One read or write of a bound static, at one program site.

    `bound` is the binding's name (version, negotiated); `locked`: its lock is held;
    `after_negotiated`: an acquire-read of the negotiated flag gave true earlier in this call.
    """

    bound: str
    is_write: bool
    order: str
    happens: Truth
    locked: Truth
    after_negotiated: Truth
    after_version_write: Truth


@dataclass(frozen=True, slots=True)
class Instead:
    """Another call from the same state. `decided`: EL2 answers it by itself and sends nothing; `refused`: it says
    NOT_SUPPORTED then. `calm`: no other CPU interferes with it.
    """

    refused: Truth
    decided: Truth
    calm: Truth


def nothing_instead() -> Instead:
    return Instead(NO, NO, ~NO)


@dataclass(frozen=True, slots=True)
class Scene:
    """Everything a rule may speak of.

    `smcs` are EL2's own SMCs in program order; `forwards` the raw forwarding of the host's call (at most one
    happens; its parameters are x0–x17 as they are sent). `profile` is one of BASE, SEED, UP618, STRICT.
    `constants` come from the tree under test. `locks_held` says if a lock is still held at the end.
    """

    call: Call
    pre: State
    post: State
    result: Result
    smcs: Sequence[Smc]
    forwards: Sequence[Smc]
    accesses: Sequence[Access]
    locks_held: Truth
    version_kept: Truth
    """This call does not write another version than the one it found, or writes it over before anyone looks."""
    agreement_kept: Truth
    """This call does not write another `negotiated` than the one it found."""
    profile: str
    constants: Mapping[str, int]
    max_version: Word
    """The highest version that this hypervisor offers: the argument of hyp_ffa_init's FFA_VERSION."""
    uppers: Word
    """Bits 63:32 of x0: a caller may refuse what is no 32-bit function ID before FF-A sees it."""
    page: Page = NO_PAGE
    index: Word = NO_INDEX
    """An arbitrary number of 32 bits: what holds of the range with this index holds of every range."""
    buffer_accesses: Sequence[BufferAccess] = ()
    hazards: Sequence[Hazard] = ()
    warns: Sequence[Truth] = ()
    """Each WARN_ON with when its condition is true."""
    transfers: Sequence[Transfer] = ()
    lock_steps: Sequence[LockStep] = ()
    """Each taking of a lock, in program order."""
    asked: Callable[[], Instead] = nothing_instead
    """What a call of the function that w1 names would have come to, with this call's other registers."""
    page_size: Word = NO_SIZE
    mailbox_size: Word = NO_SIZE
    """Of each of EL2's mailbox buffers, in bytes (64 bits), as the tree under test sets them apart."""
    descriptor_size: Word = NO_SIZE
    """Of EL2's descriptor buffer, in bytes (64 bits)."""
    own_tx_at: Word = NO_SIZE
    """Physical address of EL2's own TX buffer (64 bits); 0: there is none."""
    own_rx_at: Word = NO_SIZE

    @property
    def emitted(self) -> Truth:
        """EL2 made an SMC of its own."""
        made = [smc.made for smc in self.smcs]
        return blame(any_of(made), "smc", made)

    @property
    def silent(self) -> Truth:
        """No SMC because of the call, which is not forwarded."""
        made = [smc.made & ~smc.own for smc in self.smcs]
        emitted = blame(any_of(made), "smc", made)
        return blame(~emitted & self.result.handled, "smc", [*made, *(smc.made for smc in self.forwards)])

    @property
    def unchanged(self) -> Truth:
        """This call leaves the version and the agreement as it found them."""
        kept = self.version_kept & self.agreement_kept
        blamed = blame(kept, "version", (~self.version_kept, ~self.agreement_kept))
        return Truth(kept.term, blamed.outputs + kept.outputs)

    @property
    def undispatched(self) -> Truth:
        """x0 is no 32-bit function ID, and the trap handler refuses it as SMCCC has it: no rule speaks of that."""
        kept = [self.result.x(k) == self.call.x(k) for k in range(1, 31)]
        answer = self.result.handled & (self.result.x(0) == (1 << 64) - 1)
        return ~(self.uppers == 0) & answer & all_of(kept) & self.silent & self.unchanged

    def frame(self, address: Word) -> Word:
        """The page frame number of a physical address (64 bits)."""
        return address // self.page_size

    def constant(self, name: str) -> int:
        if name not in self.constants:
            near = get_close_matches(name, self.constants, 1)
            hint = f"; did you mean {near[0]}?" if near else "; write its number"
            raise RuleError(f"the tree under test defines no constant {name}{hint}")
        return self.constants[name]

    @staticmethod
    def truth(value: bool) -> Truth:
        """A fact that is known when the rule is read."""
        return Truth(t.truth(value))
