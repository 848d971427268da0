"""Our rules: what may be ordered, what follows, who sees what. Pure: no clock, no I/O, no HTTP, no SQL.

Documents, the time and ids come in as arguments; decisions or refusals go out. May import `contract`.
"""
