"""A step gives up root before it reads a byte of anybody's data.

SageMaker mounts `/opt/ml` as root's, and its documents want images that start as root ("Custom Inference Code with
Hosting Services"), so that an image with `USER` cannot write what it made (aws/sagemaker-python-sdk issues 4325, 4764).
So the step itself, while it still may, takes the folders over for an ordinary account and goes on as that.
"""

from __future__ import annotations

import os
import pwd
from contextlib import suppress
from pathlib import Path

USER_VARIABLE = "MLOPS_STEP_USER"
"""Set in the image: the account that steps run as. Unset, as on one machine: they run as whoever started them."""


def give_up_root(root: Path) -> None:
    """Goes on as the account that `MLOPS_STEP_USER` names, which then owns what lies below `root`.

    Does nothing where the variable is unset or the process is not root's. What cannot be given away (a read-only mount)
    is left. Raises KeyError if there is no such account, OSError if the system refuses the change.
    """
    user = os.environ.get(USER_VARIABLE)
    if not user or os.geteuid() != 0:
        return
    account = pwd.getpwnam(user)
    for path in (root, *root.rglob("*")):
        with suppress(OSError):
            os.chown(path, account.pw_uid, account.pw_gid, follow_symlinks=False)
    os.setgroups([])
    os.setgid(account.pw_gid)
    os.setuid(account.pw_uid)
    os.environ["HOME"] = account.pw_dir
