"""The calls of each story, and how often each is made at least in a process that is not killed: where to kill it."""

from __future__ import annotations

_EVERY = {
    "DELETE labels": 1,
    "GitHubHistory.commit": 1,
    "Inbox.add": 3,
    "Inbox.delivered": 3,
    "LocalGitHub.delivered": 8,
    "LocalLedger.add_start": 1,
    "LocalLedger.remember": 3,
    "LocalNotices.tell": 1,
    "LocalSageMaker.create_model_package_group": 1,
    "LocalSageMaker.start_pipeline_execution": 1,
    "LocalStepFunctions.start_execution": 1,
    "PATCH comments": 1,
    "PATCH main": 1,
    "POST blobs": 2,
    "POST comments": 3,
    "POST commits": 1,
    "POST labels": 4,
    "POST reactions": 1,
    "POST trees": 1,
    "RunRecords.save": 9,
}
_TWICE = {
    "DELETE labels": 3,
    "GitHubHistory.commit": 2,
    "LocalGitHub.delivered": 14,
    "LocalNotices.tell": 2,
    "LocalSageMaker.start_pipeline_execution": 2,
    "LocalStepFunctions.send_task_success": 3,
    "PATCH comments": 2,
    "PATCH main": 2,
    "POST blobs": 4,
    "POST comments": 4,
    "POST commits": 2,
    "POST labels": 7,
    "POST trees": 2,
    "RunRecords.save": 17,
}
_THREE_TIMES = {
    "DELETE labels": 5,
    "GitHubHistory.commit": 3,
    "Inbox.add": 4,
    "Inbox.delivered": 4,
    "LocalGitHub.delivered": 20,
    "LocalLedger.remember": 4,
    "LocalNotices.tell": 3,
    "LocalSageMaker.start_pipeline_execution": 3,
    "LocalStepFunctions.send_task_success": 5,
    "PATCH comments": 3,
    "PATCH main": 3,
    "POST blobs": 6,
    "POST comments": 5,
    "POST commits": 3,
    "POST labels": 9,
    "POST reactions": 2,
    "POST trees": 3,
    "RunRecords.save": 26,
}
_ENDED = {"LocalStepFunctions.send_task_failure": 1}
_DECIDED = {
    "GitHubHistory.commit": 4,
    "LocalNotices.tell": 4,
    "LocalSageMaker.update_model_package": 3,
    "POST comments": 9,
    "RunRecords.save": 15,
}
FIRST = {
    "below": _EVERY | _TWICE,
    "cancelled": _EVERY | _ENDED,
    "decided": _EVERY | _DECIDED,
    "registered": _EVERY | _THREE_TIMES,
    "stopped": _EVERY | _ENDED | {"LocalSageMaker.stop_pipeline_execution": 1},
}
"""Story -> call -> times."""
LATER = sorted({call for calls in FIRST.values() for call in calls})
"""Calls of a process that goes on with what another one left; which of them it makes depends."""
