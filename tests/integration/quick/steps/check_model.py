import json
import os
import sys
import tarfile
from pathlib import Path

ML = Path(os.environ["MLOPS_ML_ROOT"])
try:
    with tarfile.open(ML / "processing/input/model/model.tar.gz") as archive:
        json.load(archive.extractfile("model.json"))
except tarfile.TarError:
    problem = '{"error": "DatasetError", "problems": [{"key": "model", "value": null, "message": "is damaged."}]}'
    (ML / "output").mkdir(exist_ok=True)
    (ML / "output/message").write_text(problem)
    sys.exit(1)
(ML / "processing/output/check/check.json").write_text("{}")
