"""The leads pass the exam of packs."""

from whence.packs.leads import PACK
from whence.testing import PackSuite


class TestLeads(PackSuite):
    pack = PACK
