"""The same exchange in Django REST framework, as one would write it there: models, serializers, querysets.

Where there is a choice, it is made in Django's favour: no middleware, JSON only, connections kept, related rows fetched
with as few statements as there can be, and nothing done for a journal, repeated orders or revocation.
"""
