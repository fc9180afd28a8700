"""A plain browser for tests: cookies, csrf, the runner, and nothing clever."""

import json
from typing import Any
from urllib.parse import urljoin

import requests
from bs4 import BeautifulSoup

from sandbox.transport import ORIGIN, mount
from sandbox.world import Person, World

Answer = requests.Response
XHR = {"X-Requested-With": "XMLHttpRequest"}


class Browser:
    """One person's session with the site."""

    def __init__(self, world: World, person: Person | None = None, origin: str = ORIGIN) -> None:
        self.session = requests.Session()
        self.session.trust_env = False
        self.origin = origin
        self.person = person
        if origin == ORIGIN:
            mount(self.session, world)
        if person:
            self.session.cookies.set("golden_key", str(person.golden_key))
        self.csrf = self.app_data()["csrf-token"] if person else ""

    def get(self, path: str, **more: Any) -> Answer:
        more.setdefault("timeout", 5)
        return self.session.get(urljoin(self.origin, path), **more)

    def post(self, path: str, form: Any = None, *, xhr: bool = True, **more: Any) -> Answer:
        """A form as the site's script sends it."""
        address = urljoin(self.origin, path)
        headers = XHR if xhr else {}
        return self.session.post(
            address,
            data={**(form or {}), **more},
            headers=headers,
            timeout=5,
            allow_redirects=False,
        )

    def page(self, path: str) -> BeautifulSoup:
        answer = self.get(path)
        if answer.status_code != 200:
            raise AssertionError(f"{path}: {answer.status_code}")
        return BeautifulSoup(answer.text, "html.parser")

    def app_data(self, path: str = "/") -> dict[str, Any]:
        soup = BeautifulSoup(self.get(path).text, "html.parser")
        body = soup.select("body[data-app-data]")[0]
        data: dict[str, Any] = json.loads(str(body["data-app-data"]))
        return data

    def runner(self, *objects: dict[str, Any], request: Any = False, **form: Any) -> Any:
        form.setdefault("csrf_token", self.csrf)
        told = {"objects": json.dumps(objects), "request": json.dumps(request), **form}
        return self.post("/runner/", told).json()

    def watch(self, kind: str, tag: str = "00000000", data: Any = False) -> dict[str, Any]:
        """An object of mine to ask the runner about."""
        me = self.person.id if self.person else 0
        return {"type": kind, "id": str(me), "tag": tag, "data": data}

    def send(self, node: str | int, text: str, *objects: dict[str, Any], **more: Any) -> Any:
        data = {"node": node, "last_message": -1, "content": text, **more}
        return self.runner(*objects, request={"action": "chat_message", "data": data})


def node(name: str | int, last: int = -1, tag: str = "00000000") -> dict[str, Any]:
    """A chat to ask the runner about."""
    data = {"node": name, "last_message": last, "content": ""}
    return {"type": "chat_node", "id": name, "tag": tag, "data": data}
