"""The same work done with other tools, in an environment of its own: `requirements.txt` has their versions."""
