"""Peerhall: what an Internet exchange and its members need to run and use IX-API."""

__version__ = "0.1.0"
