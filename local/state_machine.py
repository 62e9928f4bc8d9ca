"""Takes executions from state to state, one committed step at a time."""

from __future__ import annotations

import logging
import uuid
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from local.asl import INVOKE_AND_WAIT, RuntimeStateError, State, as_json, choose, delay, encode, fill, matches, put
from local.state_journal import MOST_EVENTS, Event, Journal, Machine, Place, Status

LOG = logging.getLogger(__name__)
MAX_DATA_BYTES = 262_144
"""Of a state's input or output ("Step Functions service quotas")."""

Function = Callable[[Mapping[str, Any]], Any]


class Interpreter:
    """The states of one definition. See `local.step_functions.LocalStepFunctions` for the parameters."""

    def __init__(
        self,
        states: Mapping[str, State],
        functions: Mapping[str, Function],
        journal: Journal,
        clock: Callable[[], datetime],
        random: Callable[[], float],
    ) -> None:
        self._states = states
        self._functions = functions
        self._journal = journal
        self._clock = clock
        self._random = random

    def advance(self, machine: Machine) -> bool:
        """Takes one step of a running execution. False: it waits."""
        if machine.events >= MOST_EVENTS - 10:
            self.end(machine, "FAILED", error="States.Runtime", cause=f"The execution has {MOST_EVENTS} events.")
            return True
        steps = {"enter": self._enter, "call": self._call, "wait": self._look, "retry": self._try_again}
        try:
            return steps[machine.place.phase](machine, self._states[machine.place.state])
        except RuntimeStateError as error:
            self.end(machine, "FAILED", error="States.Runtime", cause=str(error))
            return True

    def end(self, machine: Machine, status: Status, *before: Event, error: str = "", cause: str = "") -> Machine:
        """Ends an execution, after the events `before`. Its output is the input of its last state."""
        output = encode(machine.place.data) if status == "SUCCEEDED" else None
        kind = f"Execution{status.capitalize()}"
        details = {"output": output} if status == "SUCCEEDED" else {"error": error, "cause": cause}
        ended = replace(machine, status=status, stopped=self._clock(), output=output)
        if status != "SUCCEEDED":
            ended = replace(ended, error=error, cause=cause)
        self._journal.commit(ended, *before, Event(kind, {f"{kind[0].lower()}{kind[1:]}EventDetails": details}))
        return ended

    def _enter(self, machine: Machine, state: State) -> bool:
        entered = _entered(machine, state)
        match state["Type"]:
            case "Task":
                self._schedule(machine, state, entered)
            case "Succeed":
                self.end(machine, "SUCCEEDED", entered)
            case "Fail":
                self.end(machine, "FAILED", entered, error=state["Error"], cause=state["Cause"])
            case "Choice":
                self._go(machine, choose(state, machine.place.data), machine.place.data, entered)
            case _:
                self._go(machine, state["Next"], self._passed(machine, state), entered)
        return True

    def _passed(self, machine: Machine, state: State) -> Any:
        data = machine.place.data
        result = fill(state["Parameters"], data, _context(machine)) if "Parameters" in state else data
        result = state.get("Result", result)
        return put(data, state.get("ResultPath", "$"), result)

    def _schedule(self, machine: Machine, state: State, *before: Event) -> None:
        """Journals that the function will be called: with which token, and until when it has time."""
        deadline = self._clock() + timedelta(seconds=state["TimeoutSeconds"])
        place = replace(machine.place, phase="call", token=uuid.uuid4().hex, deadline=deadline, due=None)
        details = {"resource": state["Resource"].rpartition(":")[2], "resourceType": "lambda"}
        scheduled = Event("TaskScheduled", {"taskScheduledEventDetails": details})
        self._journal.commit(machine.at(place), *before, scheduled)

    def _call(self, machine: Machine, state: State) -> bool:
        """Calls the function, unless its token was answered already."""
        if self._journal.answer_to(str(machine.place.token)) is not None:
            return self._look(machine, state)
        parameters = fill(state["Parameters"], machine.place.data, _context(machine))
        try:
            payload = as_json(self._functions[parameters["FunctionName"]](parameters.get("Payload", {})))
        except Exception as error:
            LOG.info("%s in %s: %s", type(error).__name__, machine.place.state, error)
            self._fail(machine, state, type(error).__name__, str(error))
            return True
        if state["Resource"] == INVOKE_AND_WAIT:
            self._journal.commit(machine.at(replace(machine.place, phase="wait")), Event("TaskSubmitted", {}))
        else:
            result = {"ExecutedVersion": "$LATEST", "Payload": payload, "StatusCode": 200}
            self._succeed(machine, state, result)
        return True

    def _look(self, machine: Machine, state: State) -> bool:
        """Whether the token was answered, or the time is up."""
        answer = self._journal.answer_to(str(machine.place.token))
        if answer is not None and "output" in answer:
            self._succeed(machine, state, answer["output"])
        elif answer is not None:
            self._fail(machine, state, answer["error"], answer["cause"])
        elif machine.place.deadline is not None and self._clock() >= machine.place.deadline:
            self._fail(machine, state, "States.Timeout", "")
        else:
            return False
        return True

    def _try_again(self, machine: Machine, state: State) -> bool:
        if machine.place.due is not None and self._clock() < machine.place.due:
            return False
        self._schedule(machine, state)
        return True

    def _succeed(self, machine: Machine, state: State, result: Any) -> None:
        data = machine.place.data
        if "ResultSelector" in state:
            result = fill(state["ResultSelector"], result, _context(machine))
        done = Event("TaskSucceeded", {"taskSucceededEventDetails": {"output": encode(result)}})
        self._go(machine, state["Next"], put(data, state.get("ResultPath", "$"), result), done)

    def _fail(self, machine: Machine, state: State, error: str, cause: str) -> None:
        """Retries, or goes where the error is caught, or ends the execution."""
        kind = "TaskTimedOut" if error == "States.Timeout" else "TaskFailed"
        failed = Event(kind, {f"{kind[0].lower()}{kind[1:]}EventDetails": {"error": error, "cause": cause}})
        place = self._retry(machine.place, state, error)
        if place is not None:
            self._journal.commit(machine.at(place), failed)
            return
        catcher = next((item for item in state.get("Catch", []) if matches(item["ErrorEquals"], error)), None)
        if catcher is None:
            self.end(machine, "FAILED", failed, error=error, cause=cause)
            return
        found = {"Error": error, "Cause": cause}
        self._go(machine, catcher["Next"], put(machine.place.data, catcher.get("ResultPath", "$"), found), failed)

    def _retry(self, place: Place, state: State, error: str) -> Place | None:
        """The place where the task is tried again; None: not any more."""
        retriers = state.get("Retry", [])
        used = place.retries or (0,) * len(retriers)
        for number, retrier in enumerate(retriers):
            if not matches(retrier["ErrorEquals"], error):
                continue
            if used[number] >= retrier.get("MaxAttempts", 3):
                return None
            due = self._clock() + timedelta(seconds=delay(retrier, used[number], self._random))
            counted = (*used[:number], used[number] + 1, *used[number + 1 :])
            return replace(place, phase="retry", token=None, deadline=None, due=due, retries=counted)
        return None

    def _go(self, machine: Machine, target: str, data: Any, *events: Event) -> None:
        """On to the next state."""
        if len(encode(data).encode()) > MAX_DATA_BYTES:
            cause = f"The state/task '{machine.place.state}' returned a result with a size exceeding the maximum."
            self.end(machine, "FAILED", error="States.DataLimitExceeded", cause=cause)
            return
        kind = f"{self._states[machine.place.state]['Type']}StateExited"
        exited = Event(kind, {"stateExitedEventDetails": {"name": machine.place.state, "output": encode(data)}})
        self._journal.commit(machine.at(Place(target, data)), *events, exited)


def _entered(machine: Machine, state: State) -> Event:
    details = {"name": machine.place.state, "input": encode(machine.place.data)}
    return Event(f"{state['Type']}StateEntered", {"stateEnteredEventDetails": details})


def _context(machine: Machine) -> dict[str, Any]:
    """The context object, as far as it may be read."""
    return {
        "Task": {"Token": machine.place.token},
        "Execution": {"Name": machine.name},
        "State": {"Name": machine.place.state},
    }
