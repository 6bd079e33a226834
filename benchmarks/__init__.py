"""Measured claims. Each module has ``main()``, which prints a table and returns its figures."""
