"""An exchange's own data: the exchange file that describes it, and the IX-F member export that tells who is there.

May import `orderdesk`, `store`, `exchange` and `contract`.
"""
