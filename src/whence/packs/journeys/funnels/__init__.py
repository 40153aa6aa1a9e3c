"""Funnels: how far customers get from step to step, how long it takes, and who dropped out where. Read `question`, what
is asked for; `chain`, how far each customer gets, over arrays; and what is answered: `funnel`, `durations`, `dropouts`.
"""
