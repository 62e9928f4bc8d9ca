"""What a person at a terminal sees of a run: a progress bar per step; plain lines where there is no terminal."""

from __future__ import annotations

import sys
from types import TracebackType
from typing import Protocol, Self

from rich.console import Console
from rich.markdown import Markdown
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

from local.events import Event, StepChanged, StepProgress


class Screen(Protocol):
    """Where a run tells what happens."""

    def __enter__(self) -> Self: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None: ...

    def comment(self, text: str) -> None:
        """Shows a comment."""

    def step_started(self, name: str) -> None:
        """A step began."""

    def step_progress(self, name: str, done: int, total: int, unit: str) -> None:
        """A step got further."""

    def step_ended(self, name: str, state: str) -> None:
        """A step ended; `state` says how, for people."""

    def ask(self, question: str) -> str | None:
        """What a person at the terminal answers; None: nobody is there, or nothing was answered."""


class Silent:
    """Shows nothing: standard output belongs to the JSON object."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        pass

    def comment(self, text: str) -> None:
        """Shows nothing."""

    def step_started(self, name: str) -> None:
        """Shows nothing."""

    def step_progress(self, name: str, done: int, total: int, unit: str) -> None:
        """Shows nothing."""

    def step_ended(self, name: str, state: str) -> None:
        """Shows nothing."""

    def ask(self, question: str) -> str | None:  # noqa: ARG002 (nobody is asked)
        """Asks nobody."""
        return None


class Lines(Silent):
    """Plain lines, for logs and pipes: one when a step begins, one when it ends. Comments stay Markdown."""

    def comment(self, text: str) -> None:
        """Prints the Markdown as it is."""
        print(f"\n{text}", flush=True)

    def step_started(self, name: str) -> None:
        """Prints a line."""
        print(f"{name} ...", flush=True)

    def step_ended(self, name: str, state: str) -> None:
        """Prints a line."""
        print(f"{name}: {state}", flush=True)


class Terminal(Silent):
    """A bar per step, and comments rendered as Markdown."""

    def __init__(self, console: Console | None = None) -> None:
        self._console = console or Console()
        self._tasks: dict[str, TaskID] = {}
        self._bars = self._new_bars()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._bars.stop()

    def comment(self, text: str) -> None:
        """Renders the Markdown; the bars above it stay as they are."""
        self._clear_bars()
        self._console.print()
        self._console.print(Markdown(text))

    def step_started(self, name: str) -> None:
        """Adds a bar that pulses until the step tells how far it is."""
        self._bars.start()
        self._tasks[name] = self._bars.add_task(name, total=None, state="running")

    def step_progress(self, name: str, done: int, total: int, unit: str) -> None:
        """Moves the bar."""
        if name in self._tasks:
            self._bars.update(self._tasks[name], completed=done, total=total, state=f"{done} of {total} {unit}s")

    def step_ended(self, name: str, state: str) -> None:
        """Completes the bar."""
        if name not in self._tasks:
            self.step_started(name)
        self._bars.update(self._tasks[name], completed=1, total=1, state=state)
        self._bars.stop_task(self._tasks[name])

    def ask(self, question: str) -> str | None:
        """Asks for one line; a line without a command is taken as the values of `/retrain`."""
        self._clear_bars()
        if not sys.stdin.isatty():
            return None
        try:
            line = self._console.input(f"\n{question}: ", markup=False).strip()
        except EOFError:
            return None
        return line if not line or line.startswith("/") else f"/retrain {line}"

    def _clear_bars(self) -> None:
        """The next step begins new ones."""
        if self._tasks:
            self._bars.stop()
            self._bars, self._tasks = self._new_bars(), {}

    def _new_bars(self) -> Progress:
        return Progress(
            TextColumn("{task.description:<26}"),
            BarColumn(bar_width=32),
            TimeElapsedColumn(),
            TextColumn("{task.fields[state]}"),
            console=self._console,
        )


def screen(silent: bool) -> Screen:
    """The screen for this process: silent, a terminal, or plain lines."""
    if silent:
        return Silent()
    console = Console()
    return Terminal(console) if console.is_terminal else Lines()


def show(screen: Screen, event: Event) -> None:
    """Tells the screen what the runner told."""
    if isinstance(event, StepProgress):
        screen.step_progress(event.step, event.done, event.total, event.unit)
    elif isinstance(event, StepChanged) and event.status == "Executing":
        screen.step_started(event.step)
    elif isinstance(event, StepChanged):
        cached = ", re-used" if event.cached else ""
        screen.step_ended(event.step, f"{event.status.lower()}{cached}")
