"""A year of a believable lead pipeline, and a walk through it with the product's own commands (`whence demo`); and a
`mailer` in which it is known what every change of its settings did. Nothing here is needed by the rest of Whence; the
pipeline is an example of how a domain's events may be declared."""

from whence.demo.story import run

__all__ = ["run"]
