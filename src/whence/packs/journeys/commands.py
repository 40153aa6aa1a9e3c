"""The commands of journeys beside those of its decisions and tables."""

from whence.packs.journeys import counting, following

COMMANDS = (*counting.COMMANDS, *following.COMMANDS)
