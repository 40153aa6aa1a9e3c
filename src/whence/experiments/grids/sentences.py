"""A grid in plain sentences: how many combinations no other beats and where the present card stands, what the best of
them promises, what is left of that on the half that had no part in choosing it, and how early it comes."""

from __future__ import annotations

from whence.experiments.grids.axes import shown
from whence.experiments.grids.grid import Better, Combination, Figures, Grid
from whence.experiments.sentences import days_text
from whence.experiments.statistics import COUNT_LEAST, Estimate


def sentences(found: Grid) -> tuple[str, ...]:
    """The sentences, in this order."""
    if found.best is None:
        return (
            _place(found),
            f"None of them names {COUNT_LEAST} of the {found.halves[0].measured:,} entities that the frontier is drawn "
            "on, so none can be told from luck.",
        )
    best, better = found.combinations[found.best], found.better[found.frontier.index(found.best)]
    if found.best == found.present_at:
        first = f"None finds as many as the present card and is more often right. It is {_figures(best.chosen)}."
        return _place(found), first, _held_out(found, best)
    return _place(found), _promise(found, best), _kept(found, best, better), _earlier(found, best, better)


def name_of(found: Grid, each: Combination) -> str:
    """The values of a combination: `thresholds.qualified = 75, rules.webinar.points = 20`, without what all share."""
    pairs = zip(found.axes, each.values, strict=True)
    return ", ".join(f"{axis_name(axis.name)} = {shown(value)}" for axis, value in pairs)


def axis_name(name: str) -> str:
    """What is varied, in short: `qualified`, `webinar`, `webinar half_life`."""
    part, _, rest = name.partition(".")
    if part == "thresholds":
        return rest
    rest, _, key = rest.rpartition(".")
    return rest if key == "points" else f"{rest} {key}"


def _place(found: Grid) -> str:
    count, on = len(found.combinations), len(found.frontier)
    of = f"Of {count:,} combination{'s' * (count != 1)} of {found.card.name}"
    on_it = f"{on:,} {'is' if on == 1 else 'are'} on the frontier"
    said = f"{of}, {on_it}: no other is as often right and finds as many, and is better at one of the two"
    if found.present.chosen.precision.value is None:
        return f"{said}. The present card names nobody here."
    if found.present_at is not None and found.present_at in found.frontier:
        return f"{said}. The present card is one of them."
    if not found.better_in_both:
        return f"{said}. None beats the present card at both."
    more = f"{found.better_in_both:,} beat{'s' * (found.better_in_both == 1)}"
    return f"{said}. {more} the present card at both."


def _promise(found: Grid, best: Combination) -> str:
    present = found.present.chosen
    finds_enough = present.recall.value is not None and (best.chosen.recall.value or 0) >= present.recall.value
    least = "that finds at least as many as the present card" if finds_enough and present.named else ""
    what = f"The most precise {least}" if least else "The one with the best balance"
    return f"{what} is {name_of(found, best)}: {_figures(best.chosen)}, against {_pair(present)} now."


def _kept(found: Grid, best: Combination, better: Better) -> str:
    """What is left of it where it was not chosen."""
    return (
        f"But the best of many looks better than it is. On the other half of the entities, which had no part in the "
        f"choice, it is right in {_per_cent(best.held_out.precision)} and finds {_per_cent(best.held_out.recall)}, "
        f"against {_pair(found.present.held_out)} now: {_chance(better)}. {_so(better)}"
    )


def _so(better: Better) -> str:
    """What that speaks for: only what chance does not explain counts."""
    sure = [each.value or 0 for each in (better.precision, better.recall) if not each.is_chance]
    if any(each > 0 for each in sure) and any(each < 0 for each in sure):
        return "That is a trade."
    if any(each > 0 for each in sure):
        return "That speaks for it."
    return "That speaks against it." if sure else "That speaks for no change."


def _held_out(found: Grid, best: Combination) -> str:
    told = _pair(best.held_out)
    return f"On the other half of the entities, which had no part in the choice, that is {told}."


def _chance(better: Better) -> str:
    said = []
    for name, each in (("often right", better.precision), ("found", better.recall)):
        if each.value is None or each.low is None:
            said.append(f"how much more {name} cannot be told from so few")
        else:
            can = "can" if each.is_chance else "does not"
            said.append(f"{_points(each.value)} in how {_HOW[name]}, which chance {can} explain")
    return "; ".join(said)


def _points(share: float) -> str:
    whole = round(100 * share)
    return "no point more" if not whole else f"{whole:+d} point{'s' * (abs(whole) != 1)}"


_HOW = {"often right": "often it is right", "found": "many it finds"}


def _earlier(found: Grid, best: Combination, better: Better) -> str:
    one, other = best.held_out.lead_days.value, found.present.held_out.lead_days.value
    if one is None or other is None:
        return "How long before the outcome it comes cannot be compared, since one of the two is never right there."
    sure = better.lead_days
    said = "" if sure.low is None else f", which chance {'can' if sure.is_chance else 'does not'} explain"
    if one == other:
        return f"It names them {days_text(one)} before the outcome there, as the present card does."
    return f"It names them {days_text(one)} before the outcome there, against {days_text(other)} now{said}."


def _figures(each: Figures) -> str:
    return f"right in {_per_cent(each.precision)} of {each.named:,} named, and finds {_per_cent(each.recall)}"


def _pair(each: Figures) -> str:
    return f"{_per_cent(each.precision)} and {_per_cent(each.recall)}"


def _per_cent(each: Estimate) -> str:
    return "nobody" if each.value is None else f"{each.value:.0%}"
