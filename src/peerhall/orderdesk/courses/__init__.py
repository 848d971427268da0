"""The course of each kind of order: what it waits for, and what follows when it gets further.

A module per kind has three functions: `circumstances` (what the order depends on), `network` (what is known of its part
in the network) and `entered` (what follows from having reached a phase). `settling` drives them.
"""
