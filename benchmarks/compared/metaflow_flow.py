"""The four steps as a Metaflow flow: `python metaflow_flow.py run --folder FOLDER --csv CSV --seed SEED`."""

from pathlib import Path

import four_steps
from metaflow import FlowSpec, Parameter, step


class FourSteps(FlowSpec):  # type: ignore[misc]
    """Each step is a process of its own; the datastore is local."""

    folder = Parameter("folder")
    csv = Parameter("csv")
    seed = Parameter("seed", type=int)

    def _run(self, name: str) -> None:
        four_steps.STEPS[name](Path(self.folder), Path(self.csv), self.seed)

    @step
    def start(self) -> None:
        self._run("prepare")
        self.next(self.train)

    @step
    def train(self) -> None:
        self._run("train")
        self.next(self.evaluate)

    @step
    def evaluate(self) -> None:
        self._run("evaluate")
        self.next(self.end)

    @step
    def end(self) -> None:
        self._run("register")


if __name__ == "__main__":
    FourSteps()
