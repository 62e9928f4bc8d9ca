import json
import os
import tarfile
from pathlib import Path

ML = Path(os.environ["MLOPS_ML_ROOT"])
with tarfile.open(ML / "processing/input/model/model.tar.gz") as archive:
    given = json.load(archive.extractfile("model.json"))


def primary(score):
    return {"primary": {"name": "accuracy", "value": score, "greater_is_better": True, "score": score}}


score = given.get("n_estimators", 100) / 100
report = {
    "metrics": {**primary(score), "f1": score},
    "train": primary(1.0),
    "baseline": primary(0.1),
    "comparison": None,
    "task_type": "classification",
    "n": 30,
    "dataset": {"findings": []},
    "seed": 0,
}
(ML / "processing/output/evaluation/evaluation.json").write_text(json.dumps(report))
