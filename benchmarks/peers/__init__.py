"""One way to search the article for each peer, set up as its documentation says."""
