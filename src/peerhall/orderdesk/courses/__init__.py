"""The course of each kind of order: what it waits for, and what follows when it gets further.

A module per kind has four functions: `circumstances` (what the order depends on), `network` (what is known of its part
in the network), `entered` (what follows from having reached a phase) and `followers` (the orders that wait for this one
and look again when anything about it has changed). `settling` drives them.
"""
