import json
import os
from pathlib import Path

ML = Path(os.environ["MLOPS_ML_ROOT"])
given = json.loads(json.loads((ML / "input/config/hyperparameters.json").read_text())["hyperparameters"])
(ML / "model/model.json").write_text(json.dumps({**given, "n_estimators": 95}))
jobs = [{"places": {"place_1": str(place)}, "objective": place} for place in (0.2, 0.8)]
(ML / "output/tuning.json").write_text(json.dumps({"jobs": jobs, "best": 1}))
