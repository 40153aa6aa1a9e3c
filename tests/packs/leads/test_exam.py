"""The leads pass the exam of packs, with what their extensions add."""

from whence.pack import load
from whence.testing import PackSuite


class TestLeads(PackSuite):
    pack = load("leads")
