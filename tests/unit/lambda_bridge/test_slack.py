from __future__ import annotations

from lambda_bridge.ports import Notice
from lambda_bridge.slack import LONGEST_TEXT, slack_text


def test_subject_text_and_address():
    assert slack_text(Notice("s", "t", "https://example.org")) == "*s*\nt\nhttps://example.org"


def test_an_address_that_the_text_has_is_not_repeated():
    assert slack_text(Notice("s", "see https://example.org", "https://example.org")).count("example.org") == 1


def test_nothing_is_a_mention_or_a_link():
    text = slack_text(Notice("<!here>", "<@U1> <https://evil.example|ok> &lt;", "https://example.org/?a&b<c"))
    assert "<" not in text
    assert text == (
        "*&lt;!here&gt;*\n&lt;@U1&gt; &lt;https://evil.example|ok&gt; &amp;lt;\nhttps://example.org/?a&amp;b&lt;c"
    )


def test_a_long_text_is_cut():
    assert len(slack_text(Notice("s", "<" * LONGEST_TEXT, "https://example.org"))) == LONGEST_TEXT
