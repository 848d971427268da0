"""Brings the network into line with what was ordered: desired state, observed state, a plan, a driver.

Nothing is ever commanded from an order; the reconciler looks at what should be and what is, for ever. Killed anywhere,
it starts again from what is true. May import `orderdesk`, `store`, `exchange` and `contract`.
"""
