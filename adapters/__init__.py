"""Adapters: one package per protocol, and the contract that they all fulfil."""

from adapters.contract import Adapter, AdapterFactory, Finding, Host

__all__ = ["Adapter", "AdapterFactory", "Finding", "Host"]
