"""Where the C text comes from: trees, git revisions, patches, mailing lists and saved snapshots.

`tree` reads, `patch` changes a copy in memory, `thread` takes a series out of a saved mailing-list page,
`snapshot` writes and reads `extracted/<target>/`. Nothing here ever writes to a kernel tree.
"""
