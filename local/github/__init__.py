"""A small GitHub on one machine: the REST calls and the webhooks that the bridge lives on.

`service` composes: `issues`, `comments` and `labels` are the rules, `records` reads, `journal` leaves events and
deliveries (`webhooks`) in the same transaction; `git`, `trees` and `working_tree` are the repository. `payloads`,
`repository_payload`, `git_payloads` and `shapes` make JSON; `app`, `routes`, `git_routes` and `calls` speak HTTP;
`server` listens on the loopback interface; `users` may call, and `problems` are what is refused.
"""

from local.github.server import Server
from local.github.service import LocalGitHub
from local.github.users import User
from local.github.webhooks import Delivery

__all__ = ["Delivery", "LocalGitHub", "Server", "User"]
