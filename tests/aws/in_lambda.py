"""A program: the functions' package as Lambda runs it. Arguments: the unpacked package, and what Lambda provides.

Prints as JSON what the webhook answers, and the files of all modules that were imported.
"""

import hashlib
import hmac
import importlib
import json
import os
import sys
from types import SimpleNamespace

sys.path[:0] = sys.argv[1:]
handler = importlib.import_module("lambda_bridge.handler")
BODY = json.dumps(
    {"zen": "Keep it logically awesome.", "hook_id": 1, "repository": {"full_name": os.environ["GITHUB_REPOSITORY"]}}
)
CONTEXT = SimpleNamespace(
    function_name="webhook",
    memory_limit_in_mb=512,
    invoked_function_arn="arn:aws:lambda:eu-west-1:123456789012:function:webhook",
    aws_request_id="r",
)


def answer(secret: str) -> int:
    """The HTTP status of a ping that is signed with this secret."""
    headers = {
        "content-type": "application/json",
        "x-github-event": "ping",
        "x-github-delivery": "72d3162e-cc78-11e3-81ab-4c9367dc0958",
        "x-hub-signature-256": "sha256=" + hmac.new(secret.encode(), BODY.encode(), hashlib.sha256).hexdigest(),
    }
    request = {"http": {"method": "POST", "path": "/webhook"}}
    event = {"version": "2.0", "headers": headers, "body": BODY, "isBase64Encoded": False, "requestContext": request}
    return int(handler.webhook(event, CONTEXT)["statusCode"])


answers = {"forged": answer("guessed"), "signed": answer("a-webhook-secret")}
entries = [name for name in ("webhook", "task", "pipeline_event", "sweep") if callable(getattr(handler, name))]
files = sorted(str(file) for module in sys.modules.values() if (file := getattr(module, "__file__", None)))
print(json.dumps({"answers": answers, "entries": entries, "files": files}))
