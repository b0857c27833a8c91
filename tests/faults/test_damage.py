"""A short form of ``python -m tests.faults.damage``: damaged index folders are refused by name."""

from tests.faults.damage import DAMAGES, run


def test_damaged_and_forged_folders_neither_load_nor_crash() -> None:
    counts, wrong = run(mutations=300, seed=2024)
    assert not wrong
    assert sum(counts.values()) == 300
    # Both ways are tried: a seal that is broken, and one that was made anew.
    assert counts["refused"] > len(DAMAGES)
    assert counts["forged, refused"] + counts["forged, loaded"] > len(DAMAGES)
