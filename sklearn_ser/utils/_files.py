"""What is kept on disk: files that are whole or not there, and what does not tell them apart."""

import contextlib
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO

# Parameters that tell how the work is done, not what comes out.
WITHOUT_INFLUENCE = {"n_jobs", "memory", "verbose"}


@contextlib.contextmanager
def replacing(file: Path) -> Iterator[IO[bytes]]:
    """Write a file that is either whole or not there, whoever else reads or writes it.

    Parameters
    ----------
    file : Path
        The file; its folder is there.

    Yields
    ------
    binary stream
        Where to write. What it got becomes the file if nothing goes wrong.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> from sklearn_ser.utils._files import replacing
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     with replacing(Path(folder) / "greeting") as stream:
    ...         _ = stream.write(b"hello")
    ...     (Path(folder) / "greeting").read_text()
    'hello'
    """
    # Renaming is atomic: whoever is killed before leaves a scratch file that nobody reads.
    handle, scratch = tempfile.mkstemp(dir=file.parent, suffix=".tmp")
    try:
        with os.fdopen(handle, "wb") as stream:
            yield stream
        Path(scratch).replace(file)
    except BaseException:
        with contextlib.suppress(FileNotFoundError):
            Path(scratch).unlink()
        raise
