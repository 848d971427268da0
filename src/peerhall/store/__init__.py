"""What we know: documents, claims on scarce things, who uses what, the journal, the work queue, credentials.

All of it lives in one PostgreSQL database and changes in one transaction. SQL is written as SQL, never names a schema
and never asks the database for the time. May import `exchange` and `contract`.
"""
