"""What there is to see at the plants: documents, a photo, labels of devices, an open page, a prepared release.

Django has to be set up before this module is imported.
"""

from __future__ import annotations

import io

from PIL import Image, ImageDraw

from furka.attachments import operations as attachments
from furka.attachments.kinds import checked
from furka.people.models import Person
from furka.releases import operations as releases
from furka.services.connect.device_pages import open_page
from furka.sites.labels import label_device
from furka.sites.queries import devices_of
from furka.tree.acting import Acting
from furka.tree.models import Node

_WORDS = {
    "Regelbeschrieb.txt": "Vorlauf 45 °C bei -8 °C aussen, Nachtabsenkung 22 bis 5 Uhr.\n",
    "Datenpunkte.csv": "Name;Adresse;Einheit\nVorlauf;AI 1;°C\nAussen;AI 2;°C\nPumpe;DO 1;\n",
}
_LABELS = (("Heizung",), ("Heizung", "Pikett"), ("Lüftung",))


def furnish(school: Node, station: Node, karl: Acting, sonja: Acting, supporter: Person) -> str:
    """Fill it in; returns the key of a document that has versions."""
    for name, text in _WORDS.items():
        attachments.attach(karl, school, checked(name, text.encode()))
    [(name, text), *_others] = _WORDS.items()
    document = attachments.attach(karl, school, checked(name, f"{text}Sommer: 40 °C.\n".encode()))
    attachments.attach(karl, school, checked("Schema Heizung.png", _scheme()))
    attachments.set_photo(karl, school, attachments.checked_photo(_house()))
    devices = [each.device for each in devices_of(karl, school)]
    for device, labels in zip(devices, _LABELS, strict=False):
        label_device(karl, device, labels)
    open_page(sonja, next(device for device in devices if device.web), "a login", "de")
    releases.prepare(karl, station, supporter, 60)
    return document.key


def _house() -> bytes:
    image = Image.new("RGB", (1600, 1000), "#b9d3e3")
    draw = ImageDraw.Draw(image)
    draw.polygon(
        [(0, 620), (420, 300), (760, 560), (1080, 260), (1600, 640), (1600, 1000), (0, 1000)], "#7e97a6"
    )
    draw.rectangle((0, 760, 1600, 1000), "#7d9a6d")
    draw.rectangle((480, 440, 1180, 820), "#efe7da")
    draw.polygon([(440, 450), (830, 300), (1220, 450)], "#8f4a3c")
    for column in range(5):
        for row in range(2):
            left, top = 540 + column * 130, 500 + row * 130
            draw.rectangle((left, top, left + 70, top + 80), "#5f7d8c")
    draw.rectangle((790, 720, 870, 820), "#6b4a34")
    return _png(image)


def _scheme() -> bytes:
    image = Image.new("RGB", (900, 500), "white")
    draw = ImageDraw.Draw(image)
    draw.rectangle((80, 160, 260, 360), outline="black", width=4)
    draw.line((260, 200, 640, 200), "#c0392b", 6)
    draw.line((260, 320, 640, 320), "#2c6fb0", 6)
    draw.ellipse((420, 170, 480, 230), outline="black", fill="white", width=4)
    draw.rectangle((640, 140, 820, 380), outline="black", width=4)
    return _png(image)


def _png(image: Image.Image) -> bytes:
    file = io.BytesIO()
    image.save(file, format="PNG")
    return file.getvalue()
