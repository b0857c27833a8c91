"""A short form of ``python -m tests.faults.hostile``: no question brings anything down."""

import math

from tests.faults.hostile import run


def test_hostile_questions_get_an_answer_or_a_refusal() -> None:
    ended, wrong = run(questions=300, start=2024, slowest_allowed=math.inf)
    # A process still warms up in its first hundreds; that it then holds no more is for the long form to say.
    assert not [fault for fault in wrong if not fault.startswith("memory")]
    assert ended["fault"] == 0
    # Both are tried: what is refused, and what goes all the way.
    assert ended["refused"] and ended["off_topic"]
