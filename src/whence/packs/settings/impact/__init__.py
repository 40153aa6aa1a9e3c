"""What changes of settings did to an outcome: decisions and what came of each, compared before and after every change,
and which change explains it best when many were tried. Read `trials` (decisions and what came of each, as arrays),
`candidates` (which decisions a change is judged by), `regression` (one difference), `blame` (which of many changes did
something) and `asking` (all of it at once); then `telling`, `chart` and `commands`, which show it. From Python:

    from whence.packs.settings.impact.asking import impact

    impact(db, "EmailSent", outcome="Replied", within="3 days")
"""
