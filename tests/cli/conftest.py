"""A cluster for the tests that need one; it ends with the tests of this folder."""

from tests.fixtures.ring import ring, ring_processes

__all__ = ["ring", "ring_processes"]
