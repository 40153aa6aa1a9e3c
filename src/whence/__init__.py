"""Know whence every number came: event sourcing for business operations.

import whence

with whence.open("leads.db", create=True) as leads:
    leads.append(whence.Event("LeadScored", {"score": 60}, tags=["lead:42"], actor="marketing"))
    leads.state("lead:42")
"""

from whence.adoption import Adopted, Adoption
from whence.app import Whence, open
from whence.bisect import Bisection, Breach
from whence.case import Answered, Case
from whence.clock import Clock, FixedClock, SystemClock
from whence.codec import Codec, Tag, Unfit, Upcast
from whence.decide import Decided
from whence.difference import Changed, Difference
from whence.drift import Drift, Verified
from whence.errors import ConditionFailed, Conflict, IdConflict, InvalidInput, Refused, StoreError, WhenceError
from whence.events import Body, Event, Recorded
from whence.history import At, History
from whence.lateness import Lateness
from whence.lineage import Lineage
from whence.model import Model, on
from whence.query import AppendCondition, Basis, Query, QueryItem
from whence.regression import Regression
from whence.result import Comparison, Deviation, Result
from whence.stepper import Step, Stepper
from whence.store import Identity, Reading, Store
from whence.subscription import Subscription
from whence.why import Contribution, Explanation, LeftOut

__version__ = "0.1.0"

__all__ = [
    "Adopted",
    "Adoption",
    "Answered",
    "AppendCondition",
    "At",
    "Basis",
    "Bisection",
    "Body",
    "Breach",
    "Case",
    "Changed",
    "Clock",
    "Codec",
    "Comparison",
    "ConditionFailed",
    "Conflict",
    "Contribution",
    "Decided",
    "Deviation",
    "Difference",
    "Drift",
    "Event",
    "Explanation",
    "FixedClock",
    "History",
    "IdConflict",
    "Identity",
    "InvalidInput",
    "Lateness",
    "LeftOut",
    "Lineage",
    "Model",
    "Query",
    "QueryItem",
    "Reading",
    "Recorded",
    "Refused",
    "Regression",
    "Result",
    "Step",
    "Stepper",
    "Store",
    "StoreError",
    "Subscription",
    "SystemClock",
    "Tag",
    "Unfit",
    "Upcast",
    "Verified",
    "Whence",
    "WhenceError",
    "on",
    "open",
]
