import bm25s
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from qa.postings import K1, B, Postings

WORDS = st.lists(st.sampled_from(["putin", "kim", "north korea", "treaty", "été"]), min_size=1, max_size=8)


@given(st.lists(WORDS, min_size=1, max_size=6), WORDS)
def test_scores_are_those_of_bm25s(documents: list[list[str]], asked: list[str]) -> None:
    postings = Postings(documents)
    known = [term for term in asked if term in postings]
    if not known:
        assert not postings.scores(asked).any()
        return
    reference = bm25s.BM25(k1=K1, b=B)
    reference.index(documents, show_progress=False)
    assert postings.scores(asked) == pytest.approx(reference.get_scores(known), abs=1e-5)


@given(st.lists(WORDS, min_size=1, max_size=6))
def test_rows_are_the_documents_that_hold_a_term(documents: list[list[str]]) -> None:
    postings = Postings(documents)
    for term in ("putin", "été", "nowhere"):
        holding = [number for number, document in enumerate(documents) if term in document]
        assert np.array_equal(postings.rows(term), holding)
        assert (term in postings) == bool(holding)
