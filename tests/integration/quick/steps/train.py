import json
import os
import time
from pathlib import Path

ML = Path(os.environ["MLOPS_ML_ROOT"])
given = json.loads(json.loads((ML / "input/config/hyperparameters.json").read_text())["hyperparameters"])
print("progress: 1/2 round", flush=True)
time.sleep(60 if given.get("max_depth") == 999 else 0)
(ML / "model/model.json").write_text(json.dumps(given))
