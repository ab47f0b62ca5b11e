"""Where the C text comes from: trees, git revisions, and patches on top of either.

`tree` reads, `patch` changes a copy in memory. Nothing here ever writes to a kernel tree.
"""
