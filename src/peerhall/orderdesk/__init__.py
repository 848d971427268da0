"""The counter: loads what the rules need, lets `exchange` decide, then saves, claims, journals and queues.

All of it in one transaction, so that an accepted order survives anything and a refused one leaves only its line in the
journal. May import `store`, `exchange` and `contract`.
"""
