"""Steps that take milliseconds, in the place of the real ones: the score is a hundredth of n_estimators."""
