"""The sandbox: exchanges to rehearse on, in one process, each with its own schema, clock and pretended network.

One process, so that what is told to a clock or a simulator is simply a call: nothing has to be carried to another
process, and nothing can arrive late. Nothing outside this package and `peerhall demo` knows of it.
"""
