"""One plant in a lab of its own, started by whoever calls this; prints as JSON how it went:

python -m tests.gateway.one_plant_here FOLDER
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

from tests.gateway.plants import one_plant


def main() -> None:
    with one_plant(Path(sys.argv[1])) as plant:
        found = {
            "user": os.geteuid(),
            "page": "Plant A" in plant.page(),
            "registers": plant.meter_says(0, 2),
            "gateway": plant.gateway.alive,
        }
    sys.stdout.write(json.dumps(found))


if __name__ == "__main__":
    main()
