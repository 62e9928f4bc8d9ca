"""The REST calls about accounts, issues, labels, comments and reactions."""

from __future__ import annotations

from local.github.calls import Answer, Call
from local.github.issues import IssueEdit
from local.github.payloads import public_user
from local.github.problems import GitHubError
from local.github.records import IssueFilter, Row


def me(call: Call) -> Answer:
    """Get the authenticated user."""
    return Answer(public_user(call.github.shapes.at, call.github.records.user(call.user.name)))


def repository(call: Call) -> Answer:
    """Get a repository."""
    return Answer(call.github.shapes.repository(call.user))


def permission(call: Call) -> Answer:
    """Get repository permissions for a user."""
    user = call.github.users.named(call.path["user"])
    if user is None:
        raise GitHubError(404, f"{call.path['user'][:100]} is not a user")
    return Answer(call.github.shapes.permission(user))


def create_issue(call: Call) -> Answer:
    """Create an issue."""
    fields = call.fields.of("Issue")
    made = call.github.issues.create(
        call.user, fields.text("title"), fields.optional("body"), fields.texts("labels") or []
    )
    return Answer(made, 201)


def list_issues(call: Call) -> Answer:
    """List repository issues."""
    chosen = IssueFilter(
        state=call.choice("state", ("open", "closed", "all"), "open"),
        labels=[name for name in call.query.get("labels", "").split(",") if name],
        since=call.since(),
        sort=call.choice("sort", ("created", "updated", "comments"), "created"),
        descending=call.choice("direction", ("asc", "desc"), "desc") == "desc",
    )
    rows, link = call.paged(call.github.records.issues(chosen, call.page()))
    return Answer([call.github.shapes.issue_row(row) for row in rows], link=link)


def get_issue(call: Call) -> Answer:
    """Get an issue."""
    return Answer(call.github.shapes.issue(call.number("issue")))


def edit_issue(call: Call) -> Answer:
    """Update an issue. A body of null empties it."""
    fields = call.fields.of("Issue")
    emptied = "body" in fields.values and fields.values["body"] is None
    edit = IssueEdit(
        title=fields.optional("title"),
        body="" if emptied else fields.optional("body"),
        state=fields.choice("state", ("open", "closed")),
        state_reason=fields.choice("state_reason", ("completed", "not_planned", "duplicate", "reopened")),
        labels=fields.texts("labels"),
    )
    return Answer(call.github.issues.edit(call.user, call.number("issue"), edit))


def labels(call: Call) -> Answer:
    """List labels for a repository."""
    rows, link = call.paged(call.github.records.labels(call.page()))
    return Answer([call.github.shapes.label(row) for row in rows], link=link)


def get_label(call: Call) -> Answer:
    """Get a label."""
    return Answer(call.github.shapes.label(call.github.records.label(call.path["label"])))


def create_label(call: Call) -> Answer:
    """Create a label."""
    fields = call.fields.of("Label")
    color = fields.optional("color") or "ededed"
    made = call.github.issues.create_label(call.user, fields.text("name"), color, fields.optional("description"))
    return Answer(made, 201)


def edit_label(call: Call) -> Answer:
    """Update a label. What is left out stays."""
    label, fields = call.github.records.label(call.path["label"]), call.fields.of("Label")
    description = fields.optional("description") if "description" in fields.values else label["description"]
    name, color = fields.optional("new_name") or label["name"], fields.optional("color") or label["color"]
    return Answer(call.github.issues.edit_label(call.user, label, name, color, description))


def issue_labels(call: Call) -> Answer:
    """List labels for an issue."""
    shown, link = call.part(call.github.issues.labels_of(call.number("issue")))
    return Answer(shown, link=link)


def add_labels(call: Call) -> Answer:
    """Add labels to an issue."""
    names = call.fields.of("Label").texts("labels") or []
    return Answer(call.github.issues.add_labels(call.user, call.number("issue"), names))


def set_labels(call: Call) -> Answer:
    """Set labels for an issue."""
    names = call.fields.of("Label").texts("labels") or []
    return Answer(call.github.issues.set_labels(call.user, call.number("issue"), names))


def remove_label(call: Call) -> Answer:
    """Remove a label from an issue."""
    return Answer(call.github.issues.remove_label(call.user, call.number("issue"), call.path["label"]))


def remove_labels(call: Call) -> Answer:
    """Remove all labels from an issue."""
    call.github.issues.set_labels(call.user, call.number("issue"), [])
    return Answer(None, 204)


def events(call: Call) -> Answer:
    """List issue events: without comments."""
    call.github.records.issue(call.number("issue"))
    shown, link = call.part(call.github.shapes.events(call.number("issue")))
    return Answer(shown, link=link)


def timeline(call: Call) -> Answer:
    """List timeline events for an issue."""
    call.github.records.issue(call.number("issue"))
    shown, link = call.part(call.github.shapes.timeline(call.number("issue")))
    return Answer(shown, link=link)


def create_comment(call: Call) -> Answer:
    """Create an issue comment."""
    body = call.fields.of("IssueComment").text("body")
    return Answer(call.github.comments.create(call.user, call.number("issue"), body), 201)


def issue_comments(call: Call) -> Answer:
    """List issue comments."""
    issue = call.number("issue")
    call.github.records.issue(issue)
    return _comments(call, call.github.records.comments(issue, call.since(), call.page()))


def all_comments(call: Call) -> Answer:
    """List issue comments for a repository."""
    column = {"created": "c.created", "updated": "c.updated"}.get(call.query.get("sort", ""))
    order = "DESC" if call.query.get("direction") == "desc" and column else "ASC"
    order = f"{column} {order}, c.id {order}" if column else "c.id"
    return _comments(call, call.github.records.comments(None, call.since(), call.page(), order))


def _comments(call: Call, found: list[Row]) -> Answer:
    rows, link = call.paged(found)
    return Answer([call.github.shapes.comment(row) for row in rows], link=link)


def get_comment(call: Call) -> Answer:
    """Get an issue comment."""
    return Answer(call.github.shapes.comment(call.github.records.comment(call.number("comment"))))


def edit_comment(call: Call) -> Answer:
    """Update an issue comment."""
    body = call.fields.of("IssueComment").text("body")
    return Answer(call.github.comments.edit(call.user, call.number("comment"), body))


def delete_comment(call: Call) -> Answer:
    """Delete an issue comment."""
    call.github.comments.delete(call.user, call.number("comment"))
    return Answer(None, 204)


def reactions(call: Call) -> Answer:
    """List reactions for an issue comment."""
    call.github.records.comment(call.number("comment"))
    rows, link = call.part(call.github.records.reactions(call.number("comment")))
    return Answer([call.github.shapes.reaction(row) for row in rows], link=link)


def react(call: Call) -> Answer:
    """Create reaction for an issue comment: 201, or 200 where it was there."""
    content = call.fields.of("Reaction").text("content")
    shown, new = call.github.comments.react(call.user, call.number("comment"), content)
    return Answer(shown, 201 if new else 200)
