"""The tickets pass the exam of packs, which Whence brings."""

from whence_tickets import PACK

from whence.testing import PackSuite


class TestTickets(PackSuite):
    pack = PACK
