"""A small GitHub on one machine: issues, comments, labels, Git data and webhooks, behind the REST calls of GitHub."""

from __future__ import annotations

from local.github.accounts import User
from local.github.outbox import Delivery
from local.github.server import Server
from local.github.service import LocalGitHub

__all__ = ["Delivery", "LocalGitHub", "Server", "User"]
