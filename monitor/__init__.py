"""Operator Monitor: a real-time monitor for call-centre operators."""

__version__ = "0.1.0"
