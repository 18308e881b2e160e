"""`make screenshots`: all main pages, phone and desk, light and dark, into build/screenshots.

Options: `--language fr`, `--only site,people`, `--readme` (renews docs/site.png instead).
"""

from __future__ import annotations

import argparse
import io
import shutil
import sys
from pathlib import Path

from PIL import Image

from scripts.pictures.camera import Camera, chromium
from scripts.pictures.scenes import SCENES
from scripts.pictures.stage import ROOT, stage

OUTPUT = ROOT / "build" / "screenshots"
README_PICTURE = ROOT / "docs" / "site.png"
DEVICES = {"phone": (390, 844), "desk": (1440, 900)}


def main() -> int:
    """Take them; returns the exit code."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--language", default="de")
    options.add_argument("--only", default="", help="names of scenes, with commas between them")
    options.add_argument("--readme", action="store_true", help="renew the picture of the README")
    chosen = options.parse_args()
    only = {"site"} if chosen.readme else set(filter(None, chosen.only.split(",")))
    scenes = [scene for scene in SCENES if not only or scene.name in only]
    if not only:
        shutil.rmtree(OUTPUT, ignore_errors=True)
    OUTPUT.mkdir(parents=True, exist_ok=True)
    with stage() as where, chromium(chosen.language) as browser:
        camera = Camera(browser, where, chosen.language)
        for scene in scenes:
            if chosen.readme:
                with camera.page(scene, 1440, 900) as page:
                    small(README_PICTURE, page.screenshot())
                continue
            for device, (width, height) in DEVICES.items():
                for dark in (False, True):
                    with camera.page(scene, width, height, dark=dark) as page:
                        wide = page.evaluate("document.documentElement.scrollWidth - innerWidth")
                        name = f"{scene.name}-{device}-{'dark' if dark else 'light'}"
                        page.screenshot(path=OUTPUT / f"{name}.png", full_page=True, animations="disabled")
                        if wide > 0:
                            print(f"{name}: {wide} pixels too wide")
    print(f"{len(scenes)} pages are in {OUTPUT.relative_to(ROOT)}")
    return 0


def small(path: Path, raw: bytes) -> None:
    """A picture of few colours, the rare ones among them: it keeps the repository small."""
    Image.open(io.BytesIO(raw)).convert("RGB").quantize(256, Image.Quantize.MAXCOVERAGE).save(
        path, optimize=True
    )


if __name__ == "__main__":
    sys.exit(main())
