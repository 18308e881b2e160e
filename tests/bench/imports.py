"""How long an import of many rows takes, and for how long whoever else wants to write has to wait, on both databases.

python -m tests.bench.imports [ROWS]
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.bench.pages import DATABASES, ROOT


def main() -> None:
    """Print the lines of each database."""
    rows = sys.argv[1] if len(sys.argv) > 1 else "45000"
    for database in DATABASES:
        with tempfile.TemporaryDirectory(prefix="furka-bench-") as home:
            environment = {key: value for key, value in os.environ.items() if key != "FURKA_DATABASE_URL"}
            environment |= {"FURKA_HOME": home, "DJANGO_SETTINGS_MODULE": "furka.config.settings"}
            command = [sys.executable, "-m", "tests.bench.import_times", rows]
            if database == "postgresql":
                command = [sys.executable, str(ROOT / "scripts" / "postgres.py"), *command]
            print(f"{database}, an import of {rows} rows", flush=True)
            subprocess.run(command, check=True, cwd=Path(ROOT), env=environment)


if __name__ == "__main__":
    main()
