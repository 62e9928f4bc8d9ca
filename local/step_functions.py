"""Step Functions on one machine: interprets workflow.asl.json, with a journal.

`LocalStepFunctions` has the method names, keyword arguments and response shapes of boto3's `stepfunctions` client. It
has no threads of its own: `run_due` does what can go on now. Each transition is committed before the next one starts; a
task is journaled before its function is called, so that after a kill it is called again with the same token.
"""

from __future__ import annotations

import json
import random as random_module
import sqlite3
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

from local.asl_definition import DefinitionError, check
from local.client_errors import refuse
from local.pauses import Pauses
from local.state_journal import Event, Journal, Machine, Place
from local.state_machine import Function, Interpreter
from local.store import Store, now

Response = dict[str, Any]
EXECUTION_PREFIX = "arn:aws:states:us-local-1:000000000000:execution:mlops:"
MAX_INPUT_BYTES = 262_144
"""StartExecution, `input`; SendTaskSuccess, `output`."""


class LocalStepFunctions:
    """The client, and the interpreter behind it.

    Parameters
    ----------
    definition : the state machine; refused as a whole where anything in it is not understood
    functions : FunctionName -> the function, called with the payload. What it raises fails the task, by the name of the
        exception's type; an exception that is no Exception leaves the task to be called again
    clock, random : the time, and a number from 0 to 1 for jitter
    wake : called after something was stored that `run_due` should look at
    """

    def __init__(
        self,
        store: Store,
        definition: Mapping[str, Any],
        functions: Mapping[str, Function],
        *,
        clock: Callable[[], datetime] = now,
        random: Callable[[], float] = random_module.random,
        wake: Callable[[], None] = lambda: None,
    ) -> None:
        check(definition)
        _check_functions(definition, functions)
        self._definition = definition
        self._clock = clock
        self._wake = wake
        self._journal = Journal(store, clock)
        self._interpreter = Interpreter(definition["States"], functions, self._journal, clock, random)
        self._pauses = Pauses(lambda: clock().timestamp())

    def run_due(self, mine: Callable[[str], bool] = lambda _: True) -> bool:
        """Takes one step of each execution that can go on now. False: there was nothing to do. Not in boto3's client.

        `mine` tells by its name which execution goes on here. Raises for an execution that cannot be interpreted, such
        as one in a state of another version; it rests then, and the others go on with the next call.
        """
        went_on = False
        for machine in self._journal.all("RUNNING"):
            went_on |= mine(machine.name) and self._pauses.is_due(machine.name) and self._advance(machine)
        return went_on

    @property
    def failing(self) -> int:
        """How many executions rest, since taking their last step raised."""
        return len(self._pauses)

    def _advance(self, machine: Machine) -> bool:
        try:
            went_on = self._interpreter.advance(machine)
        except Exception:
            self._pauses.failed(machine.name)
            raise
        self._pauses.forget(machine.name)
        return went_on

    def next_due(self, mine: Callable[[str], bool] = lambda _: True) -> datetime | None:
        """When a retry, a time-out or the end of a rest is due; None: nothing is. Not in boto3's client.

        `mine` as in `run_due`: what does not go on here may have been due for days.
        """
        due = [self._due(machine) for machine in self._journal.all("RUNNING") if mine(machine.name)]
        return min((moment for moment in due if moment is not None), default=None)

    def _due(self, machine: Machine) -> datetime | None:
        rest = self._pauses.seconds_until_due([machine.name])
        if rest:
            return self._clock() + timedelta(seconds=rest)
        return machine.place.due if machine.place.phase == "retry" else machine.place.deadline

    def start_execution(self, *, stateMachineArn: str, name: str, input: str = "{}") -> Response:  # noqa: A002, ARG002
        """Starts an execution. The same name with the same input, while it runs, is the same execution."""
        data = _parsed("StartExecution", "InvalidExecutionInput", input)
        place = Place(self._definition["StartAt"], data)
        machine = Machine(name, input, "RUNNING", place, self._clock())
        try:
            self._journal.create(machine, Event("ExecutionStarted", {"executionStartedEventDetails": {"input": input}}))
        except sqlite3.IntegrityError:
            machine = self._journal.get(name)
            if machine.status != "RUNNING" or machine.input != input:
                refuse("StartExecution", "ExecutionAlreadyExists", f"{name}: there is an execution of that name.")
        self._wake()
        return {"executionArn": EXECUTION_PREFIX + name, "startDate": machine.started}

    def describe_execution(self, *, executionArn: str) -> Response:
        """The state of an execution."""
        machine = self._machine("DescribeExecution", executionArn)
        ends = {"stopDate": machine.stopped, "output": machine.output, "error": machine.error, "cause": machine.cause}
        return {
            **_summary(machine),
            "input": machine.input,
            **{key: value for key, value in ends.items() if value is not None},
        }

    def list_executions(self, *, stateMachineArn: str, statusFilter: str | None = None) -> Response:  # noqa: ARG002
        """The executions, newest first."""
        found = self._journal.all(statusFilter)
        return {"executions": [_summary(machine) for machine in reversed(found)]}

    def get_execution_history(self, *, executionArn: str) -> Response:
        """The events of an execution, oldest first."""
        return {"events": self._journal.history(self._machine("GetExecutionHistory", executionArn).name)}

    def send_task_success(self, *, taskToken: str, output: str) -> Response:
        """Completes a task that waits for its token."""
        found = _parsed("SendTaskSuccess", "InvalidOutput", output)
        return self._answer("SendTaskSuccess", taskToken, {"output": found})

    def send_task_failure(self, *, taskToken: str, error: str = "", cause: str = "") -> Response:
        """Fails a task that waits for its token."""
        return self._answer("SendTaskFailure", taskToken, {"error": error, "cause": cause})

    def stop_execution(self, *, executionArn: str, error: str = "", cause: str = "") -> Response:
        """Ends an execution where it is. The loop never does this: it would end untold."""
        machine = self._machine("StopExecution", executionArn)
        stopped = self._interpreter.end(machine, "ABORTED", error=error, cause=cause)
        self._pauses.forget(machine.name)
        return {"stopDate": stopped.stopped}

    def _answer(self, operation: str, token: str, answer: dict[str, Any]) -> Response:
        if not self._journal.answer(token, answer):
            refuse(operation, "TaskTimedOut", "Nothing waits for this token any more.")
        self._wake()
        return {}

    def _machine(self, operation: str, arn: str) -> Machine:
        try:
            return self._journal.get(arn.removeprefix(EXECUTION_PREFIX))
        except KeyError:
            refuse(operation, "ExecutionDoesNotExist", f"{arn}: does not exist.")


def _check_functions(definition: Mapping[str, Any], functions: Mapping[str, Function]) -> None:
    """Raises DefinitionError: a function that is missing would look like a task that failed."""
    tasks = {name: state for name, state in definition["States"].items() if state["Type"] == "Task"}
    called = {name: state["Parameters"]["FunctionName"] for name, state in tasks.items()}
    known = ", ".join(sorted(functions))
    problems = [
        f"{name}: FunctionName must be one of {known}, got {function!r}."
        for name, function in called.items()
        if function not in functions
    ]
    if problems:
        raise DefinitionError("\n".join(problems))


def _no_json(constant: str) -> Any:
    raise ValueError(f"{constant} is no JSON")


def _parsed(operation: str, code: str, text: str) -> Any:
    try:
        data = json.loads(text, parse_constant=_no_json)
    except (ValueError, RecursionError):
        refuse(operation, code, "The text is no JSON.")
    if len(text.encode()) > MAX_INPUT_BYTES:
        refuse(operation, code, f"The text has more than {MAX_INPUT_BYTES} bytes.")
    return data


def _summary(machine: Machine) -> Response:
    found = {
        "executionArn": EXECUTION_PREFIX + machine.name,
        "stateMachineArn": EXECUTION_PREFIX.replace(":execution:", ":stateMachine:").rstrip(":"),
        "name": machine.name,
        "status": machine.status,
        "startDate": machine.started,
    }
    return found if machine.stopped is None else {**found, "stopDate": machine.stopped}
