"""One object store in a folder: `<root>/<bucket>/<key>` holds what would be `s3://<bucket>/<key>`.

Keys come from strangers: one that could leave the root, or that passes through a symbolic link, is refused. Objects
are written beside the store and renamed into place, so that a reader sees the whole object or none.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import stat
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from local.links import READ_ONLY, share

BUCKET = "mlops-local"
"""The local mode's one bucket, as in the committed pipeline definitions."""
BUCKET_NAME = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]", re.ASCII)
"""CreateBucket, "Bucket naming rules" (Amazon S3 User Guide)."""
NEW, TARGET = "new", "target"
"""Names inside a staging folder of `ObjectStore.replace`."""
MAX_KEY_BYTES = 1024
"""Length of an object key (Amazon S3 User Guide, "Naming Amazon S3 objects")."""
MAX_SEGMENT_BYTES = 255
"""Length of a file name on the usual file systems."""


class ObjectStoreError(Exception):
    """A URI that the store refuses, an object that is not there, or a file that cannot become an object."""


class LargeObjectError(ObjectStoreError):
    """An object that has more bytes than may be read."""


class MissingObjectError(ObjectStoreError):
    """There is no such object."""


@dataclass(frozen=True)
class Object:
    """One stored object: its URI, its size in bytes, and its ETag (hex MD5, as S3 computes it for a plain PUT)."""

    uri: str
    size: int
    etag: str


class ObjectStore:
    """Objects by URI, in the folder `root`. `staging` must lie on the same file system and outside `root`."""

    def __init__(self, root: Path, staging: Path) -> None:
        self._root = root
        self._staging = staging
        for folder in (root, staging):
            folder.mkdir(parents=True, exist_ok=True)

    def put_bytes(self, content: bytes, uri: str) -> None:
        """Stores `content` as one object."""
        with tempfile.NamedTemporaryFile(dir=self._staging, delete=False) as file:
            file.write(content)
        Path(file.name).chmod(READ_ONLY)
        self._place(Path(file.name), self._object_path(uri))

    def put_file(self, source: Path, uri: str) -> None:
        """Stores a regular file as one object, by `links.share`: nobody may write to `source` any more.

        Raises ObjectStoreError on anything else, a link included.
        """
        require_regular(source)
        target = self._object_path(uri)
        with tempfile.TemporaryDirectory(dir=self._staging) as folder:
            staged = Path(folder, NEW)
            share(source, staged)
            self._place(staged, target)

    def put_folder(self, source: Path, uri: str) -> None:
        """Stores the files of a folder under a prefix, one by one; other objects there stay, as on S3."""
        files = list(regular_files(source))
        for file in files:
            self.put_file(file, join(uri, file.relative_to(source).as_posix()))

    def replace(self, files: Sequence[Path], uri: str, folder: Path | None = None) -> None:
        """Makes copies of these files, under their names or their paths in `folder`, the whole content of a prefix.

        A kill leaves the old content or the new one: `finish_replacements` completes what was under way.
        """
        target = self._path(uri)
        stage = Path(tempfile.mkdtemp(dir=self._staging))
        (stage / NEW).mkdir()
        for file in files:
            copy = stage / NEW / (file.name if folder is None else file.relative_to(folder))
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(require_regular(file), copy)
        target.parent.mkdir(parents=True, exist_ok=True)
        if target.exists():
            (stage / TARGET).write_text(str(target))
            target.rename(stage / "old")
        (stage / NEW).rename(target)
        shutil.rmtree(stage)

    def get(self, uri: str, folder: Path, part: tuple[int, int] = (0, 1)) -> list[Path]:
        """Puts one object, or every object under a prefix, into a folder, by `links.share`: to be read, not written.

        An object keeps its name; under a prefix the rest of the key is kept. Of the `part` (1, 3) it is the second
        object, the fifth and so on. Raises ObjectStoreError if there is none.
        """
        place, count = part
        objects = self._files(uri)[place::count]
        if not objects:
            if count > 1:
                raise ObjectStoreError(f"{uri}: there are fewer objects under that prefix than the {count} instances.")
            raise ObjectStoreError(f"{uri}: there is no such object and no object under that prefix.")
        return [self._give(file, folder / name) for name, file in objects]

    def read(self, uri: str, limit: int) -> bytes:
        """The content of one object. Raises MissingObjectError, and LargeObjectError beyond `limit` bytes."""
        path = self._object_path(uri)
        if not path.is_file():
            raise MissingObjectError(f"{uri}: there is no such object.")
        with path.open("rb") as file:
            content = file.read(limit + 1)
        if len(content) > limit:
            raise LargeObjectError(f"{uri}: must have at most {limit} bytes.")
        return content

    def folders(self, uri: str) -> Sequence[str]:
        """The names one level below a prefix under which there are objects, sorted (S3's common prefixes)."""
        path = self._path(uri)
        return sorted(entry.name for entry in path.iterdir() if entry.is_dir()) if path.is_dir() else []

    def exists(self, uri: str) -> bool:
        """Whether there is such an object, or any object under that prefix."""
        return bool(self._files(uri))

    def list(self, uri: str) -> list[Object]:
        """The object itself or the objects under a prefix, sorted by key; empty if there are none."""
        bucket = self._bucket_path(uri)
        return [
            Object(f"s3://{bucket.name}/{file.relative_to(bucket).as_posix()}", file.stat().st_size, etag(file))
            for _, file in self._files(uri)
        ]

    def _files(self, uri: str) -> Sequence[tuple[str, Path]]:
        """(key relative to the prefix, file), sorted; for a single object its name."""
        path = self._path(uri)
        if path.is_file() and not uri.endswith("/"):
            return [(path.name, path)]
        if not path.is_dir():
            return []
        return sorted((file.relative_to(path).as_posix(), file) for file in regular_files(path))

    def _object_path(self, uri: str) -> Path:
        if uri.endswith("/"):
            raise ObjectStoreError(f"{uri}: an object's key must not end with a slash.")
        path = self._path(uri)
        if path == self._bucket_path(uri):
            raise ObjectStoreError(f"{uri}: a key is missing.")
        return path

    def _bucket_path(self, uri: str) -> Path:
        return self._root / split(uri)[0]

    def _path(self, uri: str) -> Path:
        bucket, key = split(uri)
        path = self._root / bucket
        _refuse_link(path, uri)
        for segment in key.split("/") if key else []:
            path /= segment
            _refuse_link(path, uri)
        return path

    @staticmethod
    def _place(temporary: Path, target: Path) -> None:
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            temporary.replace(target)
        except OSError as error:
            temporary.unlink(missing_ok=True)
            if isinstance(error, FileExistsError | NotADirectoryError | IsADirectoryError):
                text = f"{target.name}: a key cannot be an object and a prefix at the same time in the local store."
                raise ObjectStoreError(text) from error
            raise

    @staticmethod
    def _give(file: Path, target: Path) -> Path:
        target.parent.mkdir(parents=True, exist_ok=True)
        share(file, target)
        return target


def finish_replacements(staging: Path) -> None:
    """Completes each `ObjectStore.replace` that a kill ended between its two renames."""
    for note in staging.glob(f"*/{TARGET}"):
        target = Path(note.read_text())
        if not target.exists():
            (note.parent / NEW).rename(target)


def split(uri: str) -> tuple[str, str]:
    """Bucket and key of `s3://bucket/key`, the key without its trailing slash. Raises ObjectStoreError."""
    scheme, _, rest = uri.partition("://")
    bucket, _, key = rest.partition("/")
    if scheme != "s3" or not BUCKET_NAME.fullmatch(bucket) or ".." in bucket:
        raise ObjectStoreError(f"object URI: must look like s3://bucket/key, got {uri[:200]!r}.")
    key = key.removesuffix("/")
    if key and not _is_safe(key):
        raise ObjectStoreError(f"object URI: the key must be a plain path that stays in its bucket, got {uri[:200]!r}.")
    return bucket, key


def join(uri: str, name: str) -> str:
    """The URI of `name` under a prefix."""
    return f"{uri.rstrip('/')}/{name}"


def etag(file: Path) -> str:
    """Hex MD5 of a file: what S3 answers for an object that was written in one part."""
    with file.open("rb") as content:
        return hashlib.file_digest(content, _md5).hexdigest()


def regular_files(folder: Path) -> Iterator[Path]:
    """Every file below a folder. Raises ObjectStoreError at a link, a pipe, a socket or a device."""
    for parent, folders, files in os.walk(folder):
        for name in folders:
            _refuse_link(Path(parent, name), name)
        for name in files:
            yield require_regular(Path(parent, name))


def require_regular(path: Path) -> Path:
    """The path, if it is a regular file. Raises ObjectStoreError otherwise."""
    if not stat.S_ISREG(path.lstat().st_mode):
        raise ObjectStoreError(f"{path.name}: must be a regular file; links and special files are refused.")
    return path


def _md5() -> hashlib._Hash:
    return hashlib.md5(usedforsecurity=False)


def _is_safe(key: str) -> bool:
    if len(key.encode(errors="surrogatepass")) > MAX_KEY_BYTES or not key.isprintable():
        return False
    segments = key.split("/")
    fits = all(0 < len(segment.encode()) <= MAX_SEGMENT_BYTES for segment in segments)
    return fits and ".." not in segments and "." not in segments and not PurePosixPath(key).is_absolute()


def _refuse_link(path: Path, name: str) -> None:
    if path.is_symlink():
        raise ObjectStoreError(f"{name}: passes through a symbolic link, which is refused.")
