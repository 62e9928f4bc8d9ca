"""The schema of a workspace's database, version by version."""

from __future__ import annotations

from collections.abc import Sequence

MIGRATIONS: Sequence[str] = (
    """
    CREATE TABLE pipelines (
        name TEXT PRIMARY KEY,
        display_name TEXT,
        description TEXT,
        role_arn TEXT NOT NULL,
        definition TEXT NOT NULL,
        created TEXT NOT NULL,
        modified TEXT NOT NULL
    ) STRICT;

    CREATE TABLE executions (
        id TEXT PRIMARY KEY,
        pipeline TEXT NOT NULL REFERENCES pipelines (name),
        token TEXT NOT NULL,
        display_name TEXT,
        description TEXT,
        definition TEXT NOT NULL,
        parameters TEXT NOT NULL,
        status TEXT NOT NULL,
        failure_reason TEXT,
        created TEXT NOT NULL,
        modified TEXT NOT NULL,
        UNIQUE (pipeline, token)
    ) STRICT;

    CREATE TABLE steps (
        execution TEXT NOT NULL REFERENCES executions (id),
        name TEXT NOT NULL,
        type TEXT NOT NULL,
        display_name TEXT,
        description TEXT,
        status TEXT NOT NULL,
        attempts INTEGER NOT NULL,
        started TEXT NOT NULL,
        ended TEXT,
        failure_reason TEXT,
        metadata TEXT NOT NULL DEFAULT '{}',
        properties TEXT NOT NULL DEFAULT '{}',
        cache_key TEXT,
        cache_source TEXT REFERENCES executions (id),
        PRIMARY KEY (execution, name)
    ) STRICT;
    CREATE INDEX steps_by_cache_key ON steps (cache_key) WHERE cache_key IS NOT NULL;

    CREATE TABLE model_package_groups (
        name TEXT PRIMARY KEY,
        description TEXT,
        created TEXT NOT NULL
    ) STRICT;

    CREATE TABLE model_packages (
        group_name TEXT NOT NULL REFERENCES model_package_groups (name),
        version INTEGER NOT NULL,
        request TEXT NOT NULL,
        approval TEXT NOT NULL,
        approval_description TEXT,
        created TEXT NOT NULL,
        modified TEXT NOT NULL,
        token TEXT UNIQUE,
        PRIMARY KEY (group_name, version)
    ) STRICT;

    CREATE TABLE runs (
        issue INTEGER PRIMARY KEY AUTOINCREMENT,
        title TEXT NOT NULL,
        source TEXT NOT NULL,
        content_hash TEXT NOT NULL,
        state TEXT NOT NULL,
        request TEXT,
        parameters TEXT,
        created TEXT NOT NULL,
        ended TEXT
    ) STRICT;
    """,
    """
    CREATE TABLE issue_runs (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        source TEXT NOT NULL,
        content_hash TEXT NOT NULL,
        dataset_digest TEXT NOT NULL,
        issue INTEGER,
        started TEXT NOT NULL,
        ended TEXT
    ) STRICT;
    """,
    """
    CREATE TABLE run_records (
        issue INTEGER PRIMARY KEY,
        version INTEGER NOT NULL,
        state TEXT NOT NULL,
        group_name TEXT NOT NULL,
        updated TEXT NOT NULL,
        document TEXT NOT NULL
    ) STRICT;
    CREATE INDEX run_records_by_group ON run_records (group_name, updated);
    """,
    """
    CREATE TABLE github_users (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        login TEXT NOT NULL UNIQUE COLLATE NOCASE,
        type TEXT NOT NULL,
        created TEXT NOT NULL
    ) STRICT;

    CREATE TABLE github_labels (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        name TEXT NOT NULL UNIQUE COLLATE NOCASE,
        color TEXT NOT NULL,
        description TEXT
    ) STRICT;

    CREATE TABLE github_issues (
        number INTEGER PRIMARY KEY AUTOINCREMENT,
        title TEXT NOT NULL,
        body TEXT,
        state TEXT NOT NULL,
        state_reason TEXT,
        author INTEGER NOT NULL REFERENCES github_users (id),
        created TEXT NOT NULL,
        updated TEXT NOT NULL,
        closed TEXT
    ) STRICT;
    CREATE INDEX github_issues_by_update ON github_issues (updated);

    CREATE TABLE github_issue_labels (
        issue INTEGER NOT NULL REFERENCES github_issues (number),
        label INTEGER NOT NULL REFERENCES github_labels (id),
        PRIMARY KEY (issue, label)
    ) STRICT;

    CREATE TABLE github_comments (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        issue INTEGER NOT NULL REFERENCES github_issues (number),
        body TEXT NOT NULL,
        author INTEGER NOT NULL REFERENCES github_users (id),
        created TEXT NOT NULL,
        updated TEXT NOT NULL
    ) STRICT;
    CREATE INDEX github_comments_by_issue ON github_comments (issue, id);

    CREATE TABLE github_events (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        issue INTEGER NOT NULL REFERENCES github_issues (number),
        event TEXT NOT NULL,
        actor INTEGER NOT NULL REFERENCES github_users (id),
        details TEXT NOT NULL,
        created TEXT NOT NULL
    ) STRICT;
    CREATE INDEX github_events_by_issue ON github_events (issue, id);

    CREATE TABLE github_reactions (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        comment INTEGER NOT NULL REFERENCES github_comments (id),
        user INTEGER NOT NULL REFERENCES github_users (id),
        content TEXT NOT NULL,
        created TEXT NOT NULL,
        UNIQUE (comment, user, content)
    ) STRICT;

    CREATE TABLE github_deliveries (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        guid TEXT NOT NULL UNIQUE,
        event TEXT NOT NULL,
        body BLOB NOT NULL,
        created TEXT NOT NULL,
        delivered TEXT
    ) STRICT;
    CREATE INDEX github_deliveries_pending ON github_deliveries (id) WHERE delivered IS NULL;

    CREATE TABLE github_protected_branches (name TEXT PRIMARY KEY) STRICT;
    """,
    """
    CREATE TABLE state_machine_executions (
        name TEXT PRIMARY KEY,
        input TEXT NOT NULL,
        status TEXT NOT NULL,
        place TEXT NOT NULL,
        started TEXT NOT NULL,
        stopped TEXT,
        output TEXT,
        error TEXT,
        cause TEXT,
        events INTEGER NOT NULL
    ) STRICT;

    CREATE TABLE state_machine_events (
        execution TEXT NOT NULL REFERENCES state_machine_executions (name),
        id INTEGER NOT NULL,
        time TEXT NOT NULL,
        type TEXT NOT NULL,
        details TEXT NOT NULL,
        PRIMARY KEY (execution, id)
    ) STRICT;

    CREATE TABLE state_machine_answers (
        token TEXT PRIMARY KEY,
        answer TEXT NOT NULL
    ) STRICT;
    """,
    """
    INSERT INTO github_users (login, type, created)
        SELECT 'owner', 'User', min(created) FROM runs HAVING count(*) > 0
        ON CONFLICT DO NOTHING;
    INSERT INTO github_issues (number, title, state, author, created, updated, closed)
        SELECT runs.issue, runs.title, 'closed', github_users.id, runs.created, runs.created, runs.created
        FROM runs JOIN github_users ON login = 'owner';
    UPDATE executions SET status = 'Stopped' WHERE status IN ('Executing', 'Stopping');
    DROP TABLE runs;
    """,
    """
    CREATE TABLE handled_deliveries (
        key TEXT PRIMARY KEY,
        handled TEXT NOT NULL
    ) STRICT;
    CREATE INDEX handled_deliveries_by_time ON handled_deliveries (handled);

    CREATE TABLE starts (
        key TEXT PRIMARY KEY,
        person TEXT NOT NULL,
        moment TEXT NOT NULL
    ) STRICT;
    CREATE INDEX starts_by_time ON starts (moment);

    CREATE TABLE webhook_inbox (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        key TEXT NOT NULL UNIQUE,
        headers TEXT NOT NULL,
        body BLOB NOT NULL,
        received TEXT NOT NULL,
        handled TEXT
    ) STRICT;
    CREATE INDEX webhook_inbox_pending ON webhook_inbox (id) WHERE handled IS NULL;
    """,
)
"""Each entry takes the schema from one version to the next. Entries are only ever added."""
