"""Sends what happens to whoever has asked for it: who is due, one HTTP request each, and what came of it.

What members may ask for is decided at the counter (`orderdesk.webhooks`); how far each has got is in
`store.webhooks`, what was sent in `store.deliveries`.
"""
