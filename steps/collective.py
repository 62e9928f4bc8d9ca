"""XGBoost's collective among the hosts of a training job: its tracker on the first host, a ring through all of them."""

from __future__ import annotations

import os
import sys
import time
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from algorithms.errors import PlatformError
from steps.container import report_failure
from steps.hosts import Hosts
from steps.watch import START_SECONDS, Watch

TIMEOUT_SECONDS = 600
"""How long a host waits for another one in each sum; the hosts have about as many rows."""
GRACE_SECONDS = 5.0
"""After a broken connection: how long until the watch says whose end broke it."""


class CollectivePeers:
    """The hosts as `algorithms.peers.Peers`."""

    def __init__(self, hosts: Hosts) -> None:
        self.rank, self.size = hosts.rank, len(hosts.names)

    def gather(self, content: bytes) -> list[bytes]:
        """What each host gave. Sums of zeros and bytes: the collective's own way to send objects is pickle."""
        import numpy as np

        lengths = np.zeros(self.size, dtype=np.int64)
        lengths[self.rank] = len(content)
        ends = np.cumsum(_sum(lengths))
        starts = [0, *ends[:-1].tolist()]
        everything = np.zeros(int(ends[-1]), dtype=np.uint8)
        start = starts[self.rank]
        everything[start : start + len(content)] = np.frombuffer(content, dtype=np.uint8)
        everything = _sum(everything) if len(everything) else everything
        return [everything[start:end].tobytes() for start, end in zip(starts, ends.tolist(), strict=True)]


def _sum(numbers: Any) -> Any:
    from xgboost import collective

    return collective.allreduce(numbers, collective.Op.SUM)


@contextmanager
def connected(hosts: Hosts, failure: Path) -> Iterator[CollectivePeers]:
    """The hosts, connected until the block ends.

    A failure of this host or of another one is written to the file `failure` of each, and ends this process with exit
    code 1 at once: XGBoost's own clean-up would wait for hosts that are gone.
    """

    def report(error: Exception) -> bytes:
        report_failure(error, failure)
        return failure.read_bytes()

    def leave(message: bytes) -> None:
        failure.parent.mkdir(parents=True, exist_ok=True)
        failure.write_bytes(message)
        print(message.decode(errors="replace"), file=sys.stderr)
        sys.stdout.flush()
        os._exit(1)

    watch = Watch(hosts, report, leave)
    try:
        tracker = _join(hosts, watch)
        yield CollectivePeers(hosts)
        _leave(tracker)
        watch.close()
    except Exception as error:
        watch.fail(_told(error))
        raise


def _join(hosts: Hosts, watch: Watch) -> Any:
    """The tracker, on the first host; it must live as long as the ring."""
    from xgboost import collective
    from xgboost.tracker import RabitTracker

    trackers: list[Any] = []

    def start(address: str) -> int:
        trackers.append(
            RabitTracker(n_workers=len(hosts.names), host_ip=address, sortby="task", timeout=int(START_SECONDS))
        )
        trackers[0].start()
        return int(trackers[0].worker_args()["dmlc_tracker_port"])

    port = watch.meet(start)
    collective.init(
        dmlc_communicator="rabit",
        dmlc_tracker_uri=watch.first_address,
        dmlc_tracker_port=port,
        dmlc_task_id=f"{hosts.rank:05}",
        dmlc_timeout=TIMEOUT_SECONDS,
    )
    if (collective.get_rank(), collective.get_world_size()) != (hosts.rank, len(hosts.names)):
        raise RuntimeError(f"{hosts.current}: got rank {collective.get_rank()} in place of {hosts.rank}")
    return trackers[0] if trackers else None


def _leave(tracker: Any) -> None:
    from xgboost import collective

    collective.finalize()
    if tracker is not None:
        tracker.wait_for(int(START_SECONDS))
        tracker.free()


def _told(error: Exception) -> Exception:
    """What is told of an error. Where a connection broke, the watch mostly knows whose end it was, and tells that."""
    from xgboost.core import XGBoostError

    if not isinstance(error, XGBoostError) or "/collective/" not in str(error):
        return error
    time.sleep(GRACE_SECONDS)
    traceback.print_exception(error)
    return PlatformError("hosts: the connection to another host broke, or it did not answer. The hosts' logs say more.")
