"""Faults of the reference's mailboxes and of its memory: one small edit each, and who has to object.

To be judged quickly, a mediator serves only what a fault is about: the other functions are unsupported.
"""

from __future__ import annotations

from dataclasses import replace

from tests.mediators.fault import Edit, Fault, fault
from tests.mediators.trees import REFERENCE

SERVED = {
    "map": "\tcase FFA_FN64_RXTX_MAP:\n\t\treturn map_mailboxes(host);\n",
    "unmap": "\tcase FFA_RXTX_UNMAP:\n\t\treturn unmap_mailboxes(host);\n",
    "release": "\tcase FFA_RX_RELEASE:\n\t\treturn release_host_rx(host);\n",
    "info": "\tcase FFA_PARTITION_INFO_GET:\n\t\treturn get_partitions(host, version);\n",
    "send": "\tcase FFA_MEM_LEND:\n\tcase FFA_FN64_MEM_LEND:\n\tcase FFA_MEM_SHARE:\n\tcase FFA_FN64_MEM_SHARE:\n"
            "\t\treturn send_memory(host, func_id, version);\n",
    "more": "\tcase FFA_MEM_FRAG_TX:\n\t\treturn send_more(host);\n",
    "reclaim": "\tcase FFA_MEM_RECLAIM:\n\t\treturn reclaim_memory(host, version);\n",
    "request2": "\tcase FFA_MSG_SEND_DIRECT_REQ2:\n\t\treturn send_request2(host, version);\n",
}
"""What serve() does of each."""


def serving(*names: str) -> tuple[Edit, ...]:
    """The edits that leave everything else of SERVED out."""
    return tuple((text, "") for name, text in SERVED.items() if name not in names)


JUDGED = {"map send": "FFA_MEM_SHARE", "map send more": "FFA_MEM_FRAG_TX", "map send reclaim": "FFA_MEM_RECLAIM"}
"""The call that shows a fault of what is served, where there are many."""


def of(serves: str, what: str, rule: str, function: str, output: str, *edits: Edit, trust: str = "L2",
       calls: str | None = None) -> Fault:
    judged = JUDGED.get(serves, "") if calls is None else calls
    found = fault(REFERENCE, what, rule, function, output, *serving(*serves.split()), *edits, trust=trust)
    return replace(found, calls=(judged,) if judged else ())


VERSION_FAULTS = (
    of("", "EL2 asks about a function that there is not", "DSC-02", "ask", "smc", (
        "ask(&said, FFA_FEATURES, FFA_FN64_RXTX_MAP, ", "ask(&said, FFA_FEATURES, FFA_FN64(0x67), "),
       calls="FFA_VERSION"),
    of("", "the SPMC is asked for a version again", "VER-13", "ask", "smc", (
        "\tif (is_given_up)\n\t\treturn (u32)FFA_RET_NOT_SUPPORTED;\n\n", "")),
    of("", "the SPMC's smallest mailbox is not compared", "DSC-04", "agree", "negotiated", (
        "least && least <= MAILBOX_SIZE", "least")),
    of("", "the SPMC may give EL2 another ID", "DSC-08", "agree", "negotiated", (
        "(u32)said.a0 == FFA_SUCCESS && (u32)said.a2 == HOST_ENDPOINT", "(u32)said.a0 == FFA_SUCCESS"), trust="L0"),
    of("", "FFA_FEATURES offers dynamic buffers", "DSC-05", "describe", "x2", (
        "\tcase FFA_FN64_RXTX_MAP:\n\t\tdescribe", "\tcase FFA_FN64(0x73):\n\t\tanswer(host, FFA_SUCCESS, 0, 1, 0);\n"
        "\t\treturn ANSWERED;\n\tcase FFA_FN64_RXTX_MAP:\n\t\tdescribe"), (
        "\tcase FFA_FN64_MEM_SHARE:\n\tcase FFA_MEM_RECLAIM:\n\tcase FFA_MEM_FRAG_TX:\n\t\tanswer",
        "\tcase FFA_MEM_RECLAIM:\n\tcase FFA_MEM_FRAG_TX:\n\t\tanswer")),
    of("", "FFA_FEATURES asks the SPMC about RX_ACQUIRE", "DSC-06", "handle_host_smc", "outcome", (
        "\tcase FFA_PARTITION_INFO_GET:\n\tcase FFA_ID_GET:\n\tcase FFA_RUN:",
        "\tcase FFA_PARTITION_INFO_GET:\n\tcase FFA_FN32(0x84):\n\tcase FFA_ID_GET:\n\tcase FFA_RUN:")),
    of("", "partitions in registers lose x4 to x17", "DSC-12", "serve", "x0", (
        "\tcase FFA_ID_GET:\n\t\treturn PASS_ON;\n\tcase FFA_RUN:", "\tcase FFA_FN64(0x8b):\n"
        "\t\tanswer(host, FFA_FN64(0x61), 0, 0, 0);\n\t\treturn ANSWERED;\n"
        "\tcase FFA_ID_GET:\n\t\treturn PASS_ON;\n\tcase FFA_RUN:")),
    of("", "a message of the framework is passed on", "MSG-03", "handle_host_smc", "outcome", (
        "!is_addressed_well(ids) || flags", "!is_addressed_well(ids)")),
    of("", "the host may write to itself", "MSG-02", "handle_host_smc", "x0", (
        "(ids >> 16) == HOST_ENDPOINT && (ids & SECURE_ENDPOINT)", "(ids >> 16) == HOST_ENDPOINT"), trust="L0"),
    of("", "bits 23 to 17 are not looked at", "CC-03", "handle_host_smc", "outcome", (
        "verdict = serve(host_ctxt, func_id, version);", "verdict = serve(host_ctxt, func_id & 0xff00ffff, version);")),
    of("", "what is not known is passed on", "POL-01", "handle_host_smc", "outcome", (
        "\treturn FFA_RET_NOT_SUPPORTED;\n}\n\nstatic bool belongs_to_ffa",
        "\treturn (func_id & 0xff) > 0x97 ? PASS_ON : FFA_RET_NOT_SUPPORTED;\n}\n\nstatic bool belongs_to_ffa")),
)

MAILBOX_FAULTS = (
    of("map", "RX may begin anywhere", "BUF-01", "map_mailboxes", "x0", (" || !PAGE_ALIGNED(rx)", "")),
    of("map", "reserved bits of the page count are cut off", "BUF-02", "map_mailboxes", "x0", (
        "pages != MAILBOX_SIZE", "(pages & 0x3f) != MAILBOX_SIZE")),
    of("map", "a second pair replaces the first", "BUF-03", "ask", "smc", (
        "\tif (host_buffers.tx)\n\t\tverdict = FFA_RET_DENIED;\n\telse if", "\tif")),
    of("map", "RX is not pinned", "BUF-04", "map_mailboxes", "page", (
        "\tverdict = take_page(rx);", "\tverdict = __pkvm_host_share_hyp(hyp_virt_to_pfn(rx)) ? "
        "FFA_RET_INVALID_PARAMETERS : ANSWERED;")),
    of("map", "RX stays shared where EL3 refuses", "BUF-05", "code_of", "page", (
        "\tgive_page_back(rx);\ngive_tx_back:", "give_tx_back:")),
    of("map unmap", "RX is not forgotten", "BUF-06", "give_mailboxes_back", "mailbox", ("\thost_buffers.rx = NULL;\n", "")),
    of("map unmap", "EL3 keeps EL2's pair", "BUF-06", "unmap_mailboxes", "mapped", (
        "\task(&said, FFA_RXTX_UNMAP, HOST_ENDPOINT, 0, 0, 0, 0);\n\tif ((u32)said.a0 != FFA_SUCCESS)\n"
        "\t\treturn code_of(&said);\n", "")),
    of("map unmap", "the ID is looked for in the low half", "BUF-07", "unmap_mailboxes", "x0", (
        "\tif (ids != HOST_ENDPOINT)\n\t\treturn FFA_RET_INVALID_PARAMETERS;\n\n\thyp_spin_lock(&host_buffers.lock);\n"
        "\tverdict = give_mailboxes_back", "\tif ((u16)ids != HOST_ENDPOINT)\n\t\treturn FFA_RET_INVALID_PARAMETERS;\n\n"
        "\thyp_spin_lock(&host_buffers.lock);\n\tverdict = give_mailboxes_back")),
    of("map unmap", "RX stays pinned", "BUF-08", "unmap_mailboxes", "page", (
        "\tgive_page_back(host_buffers.rx);\n", "")),
    of("map unmap", "EL3's refusal to unmap is not looked at", "ERR-06", "unmap_mailboxes", "x0", (
        "\task(&said, FFA_RXTX_UNMAP, HOST_ENDPOINT, 0, 0, 0, 0);\n\tif ((u32)said.a0 != FFA_SUCCESS)\n"
        "\t\treturn code_of(&said);\n", "\task(&said, FFA_RXTX_UNMAP, HOST_ENDPOINT, 0, 0, 0, 0);\n"),
       trust="L0"),
    of("map unmap", "a pair is dropped before EL3 agrees", "SEC-13", "code_of", "mailbox", (
        "\task(&said, FFA_RXTX_UNMAP, HOST_ENDPOINT", "\thost_buffers.tx = NULL;\n"
        "\task(&said, FFA_RXTX_UNMAP, HOST_ENDPOINT"), ("\tgive_page_back(host_buffers.tx);\n", ""), trust="L0"),
    of("map unmap", "pages are given back before EL3 agrees", "BUF-10", "code_of", "page", (
        "\task(&said, FFA_RXTX_UNMAP, HOST_ENDPOINT", "\tgive_page_back(host_buffers.tx);\n"
        "\task(&said, FFA_RXTX_UNMAP, HOST_ENDPOINT"), ("\tgive_page_back(host_buffers.tx);\n\tgive_page_back(host_buffers.rx);\n",
        "\tgive_page_back(host_buffers.rx);\n"), trust="L0"),
    of("map", "an errno is an answer", "ERR-03", "take_page", "x2", (
        "\tif (__pkvm_host_share_hyp(hyp_virt_to_pfn(page)))\n\t\treturn FFA_RET_INVALID_PARAMETERS;",
        "\tif (__pkvm_host_share_hyp(hyp_virt_to_pfn(page)))\n\t\treturn -EINVAL;")),
    of("map", "a wrong address is not supported", "ERR-05", "map_mailboxes", "x2", (
        "pages != MAILBOX_SIZE / FFA_PAGE_SIZE)\n\t\treturn FFA_RET_INVALID_PARAMETERS;",
        "pages != MAILBOX_SIZE / FFA_PAGE_SIZE)\n\t\treturn FFA_RET_NOT_SUPPORTED;")),
    of("map", "an error path keeps the lock", "SEC-06", "map_mailboxes", "lock", (
        "\t\tverdict = FFA_RET_DENIED;\n\telse if (tx == rx", "\t\treturn FFA_RET_DENIED;\n\telse if (tx == rx")),
    of("map release", "RX_RELEASE goes to EL3", "BUF-09", "handle_host_smc", "outcome", (
        "return release_host_rx(host);", "return PASS_ON;")),
    of("map release", "RX_RELEASE goes to EL3", "POL-08", "handle_host_smc", "outcome", (
        "return release_host_rx(host);", "return PASS_ON;")),
    of("map release", "RX_RELEASE gives the page back", "BUF-10", "release_host_rx", "page", (
        "\telse\n\t\thost_buffers.is_rx_full = false;\n", "\telse\n\t\tgive_page_back(host_buffers.rx);\n"), (
        "!host_buffers.rx || !host_buffers.is_rx_full", "!host_buffers.rx")),
    of("map info", "1.0 has a flag", "DSC-09", "count_partitions", "smc", (
        "flags > (version >= FFA_VERSION_1_1 ? FFA_PARTITION_INFO_COUNT_ONLY : 0)",
        "flags > FFA_PARTITION_INFO_COUNT_ONLY")),
    of("map info", "the length wraps", "DSC-10", "copy_partitions", "access", (
        "(u64)count * expected > MAILBOX_SIZE", "count * expected > MAILBOX_SIZE"), (
        "hyp_buffers.rx, (u64)count * expected);", "hyp_buffers.rx, count * expected);"), trust="L0"),
    of("map info", "RX stays full where a list is too long", "DSC-11", "list_partitions", "smc", (
        "\treleased = release_rx();\n\tif (verdict < 0)\n\t\treturn verdict;\n",
        "\tif (verdict < 0)\n\t\treturn verdict;\n\treleased = release_rx();\n"), trust="L0"),
    of("map info", "RX stays full where a call fails", "SEC-13", "list_partitions", "smc", (
        "\treleased = release_rx();\n\tif (verdict < 0)\n\t\treturn verdict;\n",
        "\tif (verdict < 0)\n\t\treturn verdict;\n\treleased = release_rx();\n"), trust="L0"),
    of("map info", "the list is copied after the lock", "SEC-05", "copy_partitions", "access", (
        "\tverdict = copy_partitions(said->a2, said->a3, version);\n",
        "\thyp_spin_unlock(&host_buffers.lock);\n\tverdict = copy_partitions(said->a2, said->a3, version);\n"
        "\thyp_spin_lock(&host_buffers.lock);\n")),
    of("map info", "a number is answered by a clean-up", "ERR-07", "get_partitions", "x0", (
        "\tif ((u32)said->a0 != FFA_SUCCESS)\n\t\treturn code_of(said);\n\tsaid->a3 = 0;",
        "\tif ((u32)said->a0 != FFA_SUCCESS)\n\t\treturn release_rx();\n\tsaid->a3 = 0;")),
)

SEND_FAULTS = (
    of("map send", "a fragment may be longer than its message", "MEM-01", "send_ranges", "smc", (
        "!fragment || fragment > length || ", "!fragment || ")),
    of("map send", "the host's mailbox is looked at once more", "MEM-02", "send_first_fragment", "access", (
        "\tcomposite = message + parts.composite;\n\tcount", "\tmemcpy(message, host_buffers.tx, fragment);\n"
        "\tcomposite = message + parts.composite;\n\tcount")),
    of("map send", "the host's mailbox is looked at once more", "SEC-07", "send_first_fragment", "access", (
        "\tcomposite = message + parts.composite;\n\tcount", "\tmemcpy(message, host_buffers.tx, fragment);\n"
        "\tcomposite = message + parts.composite;\n\tcount")),
    of("map send", "what a fragment does not have is parsed", "MEM-03", "access_size", "access", (
        "\tif (length < start + FFA_ACCESS_SIZE_1_0 + sizeof(struct ffa_composite))\n\t\treturn false;\n\n", "")),
    of("map send", "what a fragment does not have is parsed", "SEC-09", "access_size", "access", (
        "\tif (length < start + FFA_ACCESS_SIZE_1_0 + sizeof(struct ffa_composite))\n\t\treturn false;\n\n", "")),
    of("map send", "a message may be longer than EL2 can take back", "MEM-04", "send_ranges", "smc", (
        "\tif (length > ffa_desc_buf.len)\n\t\treturn FFA_RET_NO_MEMORY;\n", "")),
    of("map send", "the version is read twice", "MEM-05", "send_first_fragment", "smc", (
        "find_parts(message, fragment, version, &parts)", "find_parts(message, fragment, hyp_ffa_version, &parts)"),
       ("bool agreed = smp_load_acquire(&has_version_negotiated);", "bool agreed = has_version_negotiated;")),
    of("map send", "there may be more receivers", "MEM-06", "send_ranges", "smc", (
        "region->access_count != 1", "!region->access_count")),
    of("map send", "an entry may have any size", "MEM-07", "send_ranges", "smc", (
        "\tif (region->access_size == FFA_ACCESS_SIZE_1_0)\n", "\tif (region->access_size)\n")),
    of("map send", "the message's own offset is not looked at", "MEM-08", "send_ranges", "smc", (
        "\tif (region->access_offset != sizeof(struct ffa_region))\n\t\treturn 0;\n", "")),
    of("map send", "the composite may lie in the header", "MEM-09", "send_ranges", "smc", (
        " || found->composite < start + size", "")),
    of("map send", "the number of ranges is not compared", "MEM-10", "send_ranges", "smc", (
        "composite->ranges &&\n\t       (u64)composite->ranges * sizeof(struct ffa_range) == rest;",
        "composite->ranges && rest;")),
    of("map send", "a range may begin within a page", "MEM-11", "send_ranges", "smc", (
        "PAGE_ALIGNED(range->address) && ", "")),
    of("map send", "the sender is not looked at", "MEM-12", "send_ranges", "smc", (
        " || region->sender != HOST_ENDPOINT", "")),
    of("map send", "the receiver is not looked at", "MEM-13", "send_ranges", "smc", (
        "!(access->receiver & SECURE_ENDPOINT) || ", "")),
    of("map send", "a share may clear memory", "MEM-14", "send_ranges", "smc", (
        "(is_lent ? FFA_MEMORY_CLEAR : 0)", "FFA_MEMORY_CLEAR")),
    of("map send", "device memory is sent", "MEM-15", "send_ranges", "smc", (
        "are_attributes(region->attributes) &&", "")),
    of("map send", "the last range is not shared", "MEM-16", "send_ranges", "smc", (
        "\tu32 shared = share_ranges(ranges, count, &pages);",
        "\tu32 shared = share_ranges(ranges, count - (count > 1), &pages) + (count > 1);")),
    of("map send", "what EL3 refuses stays shared", "MEM-17", "send_ranges", "page", (
        "\t\t\tverdict = code_of(said);\n\t\t}", "\t\t\treturn code_of(said);\n\t\t}")),
    of("map send", "half a message may be a success", "MEM-18", "send_first_fragment", "x3", (
        "\tif (next->sent == next->length)\n\t\treturn (u32)said->a0", "\tif (1)\n\t\treturn (u32)said->a0"), trust="L0"),
    of("map send", "the handle is that of another answer", "ERR-07", "answer_sent", "x0", (
        "handle_of(said.a2, said.a3) : handle_of(said.a1, said.a2);",
        "handle_of(said.a3, said.a2) : handle_of(said.a1, said.a2);")),
    of("map send", "a share that fails is asserted", "SEC-11", "send_ranges", "warn", (
        "\tif (shared < count) {", "\tif (WARN_ON(shared < count)) {")),
    of("map send", "the number of pages wraps", "SEC-08", "bytes_of", "hazard", (
        "\treturn (u64)range->pages * FFA_PAGE_SIZE;", "\treturn range->pages * FFA_PAGE_SIZE;")),
    of("map send", "a range that is none is tried again", "SEC-12", "share_ranges", "hazard", (
        "\tfor (i = 0; i < count; i++) {\n\t\tif (!is_range(&ranges[i]))\n\t\t\tbreak;\n\t\tif (__pkvm_host_share",
        "\tfor (i = 0; i < count; i += !ranges[i].reserved) {\n\t\tif (__pkvm_host_share")),
    of("map", "memory is donated", "MEM-28", "handle_host_smc", "x0", (
        "\tcase FFA_ID_GET:\n\t\treturn PASS_ON;\n\tcase FFA_RUN:",
        "\tcase FFA_ID_GET:\n\tcase FFA_FN64(0x71):\n\t\treturn PASS_ON;\n\tcase FFA_RUN:")),
)

FRAGMENT_FAULTS = (
    of("map send more", "the sender of a fragment is not looked at", "MEM-19", "send_ranges", "smc", (
        " || ids != HOST_ENDPOINT || reserved5", " || reserved5")),
    of("map send more", "any answer asks for more", "MEM-20", "answer_sent", "x0", (
        "\treturn (u32)said->a0 == FFA_MEM_FRAG_RX && ", "\treturn "), trust="L0"),
    of("map send more", "what EL3 refuses of a fragment stays shared", "MEM-21", "send_ranges", "page", (
        "\t\t\tverdict = code_of(said);\n\t\t}", "\t\t\treturn code_of(said);\n\t\t}")),
    of("map send more", "a fragment that fails is reclaimed", "SEC-03", "ask", "smc", (
        "\t\tknown->phase = next.phase;\n", "\t\task(&said, FFA_MEM_RECLAIM, low, high, 0, 0, 0);\n"
        "\t\tknown->phase = UNUSED;\n")),
)

RECLAIM_FAULTS = (
    of("map send reclaim", "flags of the host's are passed on", "MEM-22", "ask", "smc", (
        "flags & ~(FFA_MEMORY_CLEAR | FFA_MEMORY_TIME_SLICE) || ", "")),
    of("map send reclaim", "the request has one length in every version", "MEM-23", "ask", "smc", (
        "\tu32 size = region_size(version), fragment;", "\tu32 size = sizeof(*request), fragment;")),
    of("map send reclaim", "a request holds old bytes", "SEC-10", "ask", "smc", (
        "\tmemset(request, 0, size);\n", "")),
    of("map send reclaim", "the first fragment may be longer than a mailbox", "MEM-24", "ask", "smc", (
        "fragment % 16 == 0 && fragment <= MAILBOX_SIZE && fragment <= room", "fragment % 16 == 0 && fragment <= room"),
        trust="L0"),
    of("map send reclaim", "a fragment may be empty", "MEM-25", "ask", "smc", (
        "return fragment && fragment % 16 == 0", "return fragment % 16 == 0"), trust="L0"),
    of("map send reclaim", "ranges may lie behind the description", "MEM-26", "ask", "smc", (
        "\t       (u64)composite->ranges * sizeof(struct ffa_range) == rest &&\n\t       are_ranges", "\t       are_ranges"),
        trust="L0"),
    of("map send reclaim", "pages are given back before EL3 gives them up", "MEM-27", "ask", "page", (
        "\task(&said, FFA_MEM_RECLAIM, low, high, flags, 0, 0);\n\tif ((u32)said.a0 != FFA_SUCCESS)\n"
        "\t\treturn code_of(&said);\n\n\tcomposite = message + parts.composite;\n"
        "\tWARN_ON(unshare_ranges((const void *)(composite + 1), composite->ranges) != composite->ranges);\n",
        "\tcomposite = message + parts.composite;\n"
        "\tWARN_ON(unshare_ranges((const void *)(composite + 1), composite->ranges) != composite->ranges);\n"
        "\task(&said, FFA_MEM_RECLAIM, low, high, flags, 0, 0);\n\tif ((u32)said.a0 != FFA_SUCCESS)\n"
        "\t\treturn code_of(&said);\n\n")),
    of("map send", "what another region shares is given back", "MEM-29", "send_ranges", "page", (
        "\t\tWARN_ON(unshare_ranges(ranges, shared) != shared);\n", "\t\tunshare_ranges(ranges, count);\n")),
    *(of(f"map send{more}", f"pages that the SPMC took are given back{more}", "MEM-29", "answer_sent", "page", (
        "\tif (verdict < 0)\n\t\tWARN_ON(unshare_ranges(", "\tWARN_ON(unshare_ranges(")) for more in ("", " more")),
)

MEMORY_FAULTS = (*VERSION_FAULTS, *MAILBOX_FAULTS, *SEND_FAULTS, *FRAGMENT_FAULTS, *RECLAIM_FAULTS)
