"""What interventions did, in sentences."""

from __future__ import annotations

import pytest

from whence.experiments.impact import Effect, Impact, Verdict, sentences


@pytest.mark.parametrize(
    ("effect", "low", "high", "said"),
    [
        (0.2, -0.1, 0.5, "raises the average score by 0.20, -0.10 to 0.50:"),
        (-0.2, -0.5, 0.1, "lowers the average score by 0.20, -0.10 to 0.50:"),
        (-0.2, -0.3, -0.1, "lowers the average score by 0.20, 0.10 to 0.30:"),
        (-0.2, -0.3, 0.0, "lowers the average score by 0.20, 0.00 to 0.30:"),
    ],
)
def test_a_bound_on_the_other_side_of_nothing_has_its_sign(effect: float, low: float, high: float, said: str) -> None:
    verdict: Verdict = "raises it" if effect > 0 else "lowers it"
    found = Effect(
        change="limit (@1)",
        compared="by time",
        without=9,
        with_it=9,
        mean_without=1.0,
        mean_with=1.0 + effect,
        effect=effect,
        low=low,
        high=high,
        p=0.01,
        p_corrected=0.01,
        verdict=verdict,
    )
    whole = Impact(
        outcome="average score", is_share=False, decisions=100, left_out=0, tried=1, least_seen=0.15, effects=(found,)
    )
    assert said in next(sentences(whole, str))
