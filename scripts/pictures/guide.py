"""`make guide`: takes the pictures of the guide anew, in each language, small enough to be kept with the texts."""

from __future__ import annotations

import io
import sys
from pathlib import Path

from PIL import Image
from playwright.sync_api import Page

from furka.guide.book import LANGUAGES, book
from scripts.pictures.camera import Camera, chromium
from scripts.pictures.scenes import GUIDE, Scene
from scripts.pictures.stage import ROOT, stage

PICTURES = ROOT / "furka" / "portal" / "static" / "furka" / "guide"
MOST_BYTES = 60_000
#: Below what a picture ends with, in pixels of the page.
EDGE = 16


def main() -> int:
    """Take them; returns the exit code."""
    wanted = set(book("en").pictures)
    scenes = [scene for scene in GUIDE if scene.name in wanted]
    missing = wanted - {scene.name for scene in scenes}
    if missing:
        print(f"No scene is called {', '.join(sorted(missing))}; see scripts/pictures/scenes.py.")
        return 1
    with stage() as where:
        for language in LANGUAGES:
            folder = PICTURES / language
            folder.mkdir(parents=True, exist_ok=True)
            with chromium(language) as browser:
                camera = Camera(browser, where, language)
                for scene in scenes:
                    with camera.page(scene, scene.guide_width, scene.guide_height + 300, sharp=2) as page:
                        save(folder / f"{scene.name}.webp", taken(page, scene))
            for surplus in folder.iterdir():
                if surplus.stem not in wanted:
                    surplus.unlink()
            total = sum(path.stat().st_size for path in folder.iterdir())
            print(f"{language}: {len(scenes)} pictures, {total // 1000} kB")
    return 0


def taken(page: Page, scene: Scene) -> Image.Image:
    """What the scene shows, from where it begins, at most as high as it says."""
    head = page.locator("header.head").bounding_box()
    content = page.locator(scene.guide_from).first.bounding_box()
    assert head is not None  # every page has one
    assert content is not None, scene.guide_from
    top = max(content["y"], head["height"] if scene.guide_from == "main" else 0)
    end = content["y"] + content["height"]
    if scene.guide_until:
        page.locator(scene.guide_until).first.wait_for()
        last = page.locator(scene.guide_until).first.bounding_box()
        assert last is not None, scene.guide_until
        end = last["y"] + last["height"] + EDGE
    high = min(scene.guide_height, end - top)
    raw = page.screenshot(
        clip={"x": content["x"], "y": top, "width": content["width"], "height": high}, full_page=True
    )
    return Image.open(io.BytesIO(raw)).convert("RGB")


def save(path: Path, picture: Image.Image) -> None:
    """As sharp as fits; a picture that shows the same as before is not written again."""
    for size, quality in ((1600, 82), (1600, 70), (1320, 75), (1320, 60), (1100, 60), (1100, 45)):
        scaled = picture.resize(
            (size, round(picture.height * size / picture.width)), Image.Resampling.LANCZOS
        )
        buffer = io.BytesIO()
        scaled.save(buffer, "WEBP", quality=quality, method=6)
        if buffer.tell() <= MOST_BYTES:
            path.write_bytes(buffer.getvalue())
            return
    raise SystemExit(f"{path.name} does not fit into {MOST_BYTES} bytes; make its scene lower")


if __name__ == "__main__":
    sys.exit(main())
