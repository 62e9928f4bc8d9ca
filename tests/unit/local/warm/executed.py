"""A step for tests, as a module: runs the code that it is given."""

import sys

exec(compile(sys.argv[1], "step", "exec"))  # noqa: S102
