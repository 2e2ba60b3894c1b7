"""The course that attacks are aimed at and the attacks themselves are no tests."""

collect_ignore = ["course", "submissions"]
