"""Uploaded pictures."""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from sandbox.world.errors import Refused

if TYPE_CHECKING:
    from sandbox.world.people import Person
    from sandbox.world.world import World

MAX_BYTES = 7_340_032
TYPES = {"image/png": "png", "image/jpeg": "jpg"}
STARTS = {"image/png": b"\x89PNG\r\n", "image/jpeg": b"\xff\xd8\xff"}


@dataclass(frozen=True)
class Image:
    id: int
    owner: int
    name: str
    path: str
    type: str
    content: bytes = field(repr=False)


def _type(content: bytes) -> str | None:
    """Told by the content: clients send pictures under any name of type."""
    return next((kind for kind, start in STARTS.items() if content.startswith(start)), None)


class Files:
    """Pictures by id and by address."""

    def __init__(self, world: "World") -> None:
        self._world = world
        self._by_id: dict[int, Image] = {}

    def add(
        self, owner: "Person", name: str, content: bytes, mimetype: str, place: str = "chat"
    ) -> Image:
        if len(content) > MAX_BYTES:
            raise Refused("Размер файла не должен превышать 7 МБ.", "The file is too large.")
        mimetype = _type(content) or mimetype
        if mimetype not in TYPES or not content:
            raise Refused("Неверный формат файла.", "Wrong file format.")
        word = self._world.ids.word(20)
        path = f"/s/{place}/{word[:2]}/{word[2:4]}/{word}.{TYPES[mimetype]}"
        image = Image(self._world.ids.next("file"), owner.id, name, path, mimetype, content)
        self._by_id[image.id] = image
        return image

    def owned(self, owner: "Person", image_id: int) -> Image:
        image = self._by_id.get(image_id)
        if image is None or image.owner != owner.id:
            raise Refused("Изображение не найдено.", "The image was not found.")
        return image

    def at(self, path: str) -> Image | None:
        return next((i for i in self._by_id.values() if i.path == path), None)
