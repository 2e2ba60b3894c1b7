"""Interview preparation: a bank of questions whose figures are computed, quizzes, and a mock interview."""
