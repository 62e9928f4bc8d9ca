from __future__ import annotations

import json
from datetime import UTC, datetime

from lambda_bridge.ports import Notice
from local.notices import LocalNotices


def test_each_notice_is_a_line_of_json(tmp_path):
    path = tmp_path / "logs/notices.jsonl"
    notices = LocalNotices(path, clock=lambda: datetime(2026, 1, 1, tzinfo=UTC))
    notices.tell(Notice("s", "two\nlines 日本", "https://example.org"))
    notices.tell(Notice("t", "", ""))
    first, second = (json.loads(line) for line in path.read_text(encoding="utf-8").splitlines())
    assert first == {
        "time": "2026-01-01T00:00:00.000000+00:00",
        "subject": "s",
        "text": "two\nlines 日本",
        "url": "https://example.org",
    }
    assert second["subject"] == "t"
