"""GitHub on one side, the training workflow on the other."""
