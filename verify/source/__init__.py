"""Where the C text comes from: trees, git revisions, and patches on top of either.

`tree` reads, `patch` changes a copy in memory; `series` finds the patches in mail (`mail`, `postings`), `history` the
commits of a range. Nothing here ever writes to a kernel tree.
"""
