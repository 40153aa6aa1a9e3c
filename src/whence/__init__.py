"""Know whence every number came: event sourcing for business operations.

import whence

with whence.open("leads.db", create=True) as leads:
    leads.append(whence.Event("LeadScored", {"score": 60}, tags=["lead:42"], actor="marketing"))
    leads.state("lead:42")
"""

from whence.adoption import Adopted, Adoption
from whence.app import Whence, open
from whence.case import Answered, Case
from whence.checking.drift import Drift, Verified
from whence.checking.regression import Regression
from whence.checking.result import Comparison, Deviation, Result
from whence.clock import Clock, FixedClock, SystemClock
from whence.codec import Codec, Tag, Unfit, Upcast
from whence.decide import Decided
from whence.errors import ConditionFailed, Conflict, IdConflict, InvalidInput, Refused, StoreError, WhenceError
from whence.events import Body, Event, Recorded
from whence.explaining.bisect import Bisection, Breach
from whence.explaining.difference import Changed, Difference
from whence.explaining.lateness import Lateness
from whence.explaining.lineage import Lineage
from whence.explaining.stepper import Step, Stepper
from whence.explaining.why import Contribution, Explanation, LeftOut
from whence.history import At, History
from whence.model import Model, on
from whence.query import AppendCondition, Basis, Query, QueryItem
from whence.store import Identity, Reading, Store
from whence.subscription import Subscription

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
