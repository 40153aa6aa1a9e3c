"""Explanations: why a value is what it is, and where it went wrong. `why` answers, from a `tracing` fold whose objects
take note (`noting`, `writes`), proved by a replay (`slicing`), told in sentences (`narrative`) or as a `page`.
`lineage` follows causes; `bisect` and `stepper` find what broke a rule; `difference` and `lateness` compare moments."""
