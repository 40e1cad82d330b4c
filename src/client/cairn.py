"""A client of Cairn for Python 3.9 and later, in one file and with the standard library alone.

    from cairn import Cairn

    cairn = Cairn("http://127.0.0.1:8080", vault="acme")          # dev mode
    cairn = Cairn("https://cairn.example", token="eyJ…")          # with a token
    memory = cairn.memories.create(content="Ana likes window seats.", user_id="ana")
    found = cairn.memories.search(query="where does Ana sit?")["results"]
    for user in cairn.pages("users.list"):
        print(user["user_id"])

Every operation of the API is there under its name (see ROUTES, or /docs of the service): arguments named in the
path go there, the others into the query of a GET or DELETE and into the body of everything else. Answers are what
`json.loads` makes of them, None where there is none.
"""

from __future__ import annotations

import json
import re
import time
import urllib.error
import urllib.parse
import urllib.request
from typing import Any, Callable, Iterator, Mapping, Optional, Union

ROUTES: Mapping[str, tuple] = {
    "health.overview": ("GET", "/health"),
    "health.live": ("GET", "/health/live"),
    "health.ready": ("GET", "/health/ready"),
    "whoami.whoami": ("GET", "/v1/whoami"),
    "memories.create": ("POST", "/v1/memories"),
    "memories.batch": ("POST", "/v1/memories/batch"),
    "memories.search": ("POST", "/v1/memories/search"),
    "memories.context": ("POST", "/v1/memories/context"),
    "memories.list": ("GET", "/v1/memories"),
    "memories.get": ("GET", "/v1/memories/{id}"),
    "memories.patch": ("PATCH", "/v1/memories/{id}"),
    "memories.delete": ("DELETE", "/v1/memories/{id}"),
    "memories.delete_matching": ("DELETE", "/v1/memories"),
    "memories.history": ("GET", "/v1/memories/{id}/history"),
    "memories.reinforce": ("POST", "/v1/memories/{id}/reinforce"),
    "users.list": ("GET", "/v1/users"),
    "users.get": ("GET", "/v1/users/{user_id}"),
    "users.put": ("PUT", "/v1/users/{user_id}"),
    "users.erase": ("DELETE", "/v1/users/{user_id}"),
    "users.memories": ("GET", "/v1/users/{user_id}/memories"),
    "users.summary": ("GET", "/v1/users/{user_id}/summary"),
    "users.regenerate": ("POST", "/v1/users/{user_id}/summary/regenerate"),
    "users.reflect": ("POST", "/v1/users/{user_id}/reflect"),
    "sessions.list": ("GET", "/v1/sessions"),
    "sessions.memories": ("GET", "/v1/sessions/{id}/memories"),
    "sessions.delete": ("DELETE", "/v1/sessions/{id}"),
    "api_keys.list": ("GET", "/v1/vault/api-keys"),
    "api_keys.create": ("POST", "/v1/vault/api-keys"),
    "api_keys.get": ("GET", "/v1/vault/api-keys/{id}"),
    "api_keys.rotate": ("POST", "/v1/vault/api-keys/{id}/rotate"),
    "api_keys.revoke": ("POST", "/v1/vault/api-keys/{id}/revoke"),
    "resource_metadata.service": ("GET", "/.well-known/oauth-protected-resource"),
    "resource_metadata.mcp": ("GET", "/.well-known/oauth-protected-resource/mcp"),
    "documents.list": ("GET", "/v1/documents"),
    "documents.create": ("POST", "/v1/documents"),
    "documents.get": ("GET", "/v1/documents/{id}"),
    "documents.content": ("GET", "/v1/documents/{id}/content"),
    "documents.delete": ("DELETE", "/v1/documents/{id}"),
    "collections.list": ("GET", "/v1/collections"),
    "collections.create": ("POST", "/v1/collections"),
    "collections.get": ("GET", "/v1/collections/{name}"),
    "collections.describe": ("PATCH", "/v1/collections/{name}"),
    "collections.delete": ("DELETE", "/v1/collections/{name}"),
    "waypoints.list": ("GET", "/v1/waypoints"),
    "waypoints.put": ("POST", "/v1/waypoints"),
    "waypoints.delete": ("DELETE", "/v1/waypoints"),
    "waypoints.neighbours": ("GET", "/v1/waypoints/neighbours"),
    "waypoints.path": ("GET", "/v1/waypoints/path"),
    "stats.read": ("GET", "/v1/stats"),
    "vault.read": ("GET", "/v1/vault"),
    "vault.change": ("PATCH", "/v1/vault"),
    "vaults.list": ("GET", "/v1/vaults"),
    "vaults.create": ("POST", "/v1/vaults"),
    "vaults.get": ("GET", "/v1/vaults/{id}"),
    "vaults.suspend": ("POST", "/v1/vaults/{id}/suspend"),
    "vaults.resume": ("POST", "/v1/vaults/{id}/resume"),
    "vaults.erase": ("DELETE", "/v1/vaults/{id}"),
    "rollout.read": ("GET", "/v1/vaults/{id}/rollout"),
}

_LONGEST_PAUSE_SECONDS = 10.0


class CairnError(Exception):
    """The service said no.

    status: HTTP status. code: a stable word for a program, such as NOT_FOUND. errors: what is wrong with which
    field. instance: "urn:request:" and the id of the request in the service's log.
    """

    def __init__(self, status: int, problem: Mapping[str, Any]):
        super().__init__(problem.get("detail") or f"HTTP {status}")
        self.status = status
        self.code = problem.get("code", "UNKNOWN")
        self.errors = problem.get("errors", [])
        self.instance = problem.get("instance")


class _Noun:
    """The operations of one noun: `cairn.memories.create(…)`."""

    def __init__(self, client: "Cairn", noun: str):
        self._client = client
        self._noun = noun

    def __getattr__(self, verb: str) -> Callable[..., Any]:
        operation = f"{self._noun}.{verb}"
        if operation not in ROUTES:
            raise AttributeError(f"Cairn has no operation {operation}")
        return lambda *rows, **arguments: self._client.call(operation, *rows, **arguments)


class Cairn:
    """One identity at one service.

    token: a JWT, or a function that gives a good one. vault, user: dev mode only. timeout: seconds until a request
    is given up. retries: how often a request is made again that the service is too busy for.
    """

    def __init__(
        self,
        base_url: str = "http://127.0.0.1:8080",
        *,
        token: Union[str, Callable[[], str], None] = None,
        vault: Optional[str] = None,
        user: Optional[str] = None,
        timeout: float = 30.0,
        retries: int = 3,
    ):
        self._base_url = base_url.rstrip("/")
        self._token = token
        self._vault = vault
        self._user = user
        self._timeout = timeout
        self._retries = retries

    def __getattr__(self, noun: str) -> _Noun:
        if noun.startswith("_") or not any(name.startswith(f"{noun}.") for name in ROUTES):
            raise AttributeError(f"Cairn has no {noun}")
        return _Noun(self, noun)

    def call(
        self,
        operation: str,
        body: Any = None,
        *,
        idempotency_key: Optional[str] = None,
        if_match: Optional[str] = None,
        **arguments: Any,
    ) -> Any:
        """Makes one call.

        body: for what is no object of named arguments, such as the rows of a batch. idempotency_key: has a write
        take effect once, however often it is made; then it is made again after a broken connection too. if_match:
        the ETag that what is changed must still have. Raises CairnError when the service refuses, OSError when it
        cannot be reached.
        """
        method, template = ROUTES[operation]
        in_path = set(re.findall(r"{(\w+)}", template))
        path = re.sub(r"{(\w+)}", lambda m: urllib.parse.quote(str(arguments[m[1]]), safe=""), template)
        rest = {name: value for name, value in arguments.items() if name not in in_path}
        url = self._base_url + path
        if method in ("GET", "DELETE"):
            query = {name: _as_text(value) for name, value in rest.items() if value is not None}
            if query:
                url += "?" + urllib.parse.urlencode(query)
        elif body is None and (rest or method != "POST"):
            body = rest
        headers = {"idempotency-key": idempotency_key, "if-match": if_match}
        return self._send(method, url, body, headers, method == "GET" or idempotency_key is not None)

    def pages(self, operation: str, **arguments: Any) -> Iterator[Any]:
        """Every item of a list, fetched page by page."""
        while True:
            page = self.call(operation, **arguments)
            yield from page["items"]
            if page["next_cursor"] is None:
                return
            arguments["cursor"] = page["next_cursor"]

    def _send(self, method: str, url: str, body: Any, headers: Mapping[str, Any], is_safe: bool) -> Any:
        data = None if body is None else json.dumps(body, ensure_ascii=False).encode("utf-8")
        for attempt in range(self._retries + 1):
            is_last = attempt == self._retries
            request = urllib.request.Request(url, data=data, method=method, headers=self._headers(headers, data))
            pause = 0.2 * 2**attempt
            try:
                with urllib.request.urlopen(request, timeout=self._timeout) as response:
                    text = response.read()
                    return json.loads(text) if text else None
            except urllib.error.HTTPError as refused:
                with refused:
                    if refused.code != 503 or is_last:
                        raise CairnError(refused.code, _problem(refused.read())) from None
                    pause = float(refused.headers.get("retry-after") or pause)
            except (urllib.error.URLError, ConnectionError, TimeoutError):
                if not is_safe or is_last:
                    raise
            time.sleep(min(pause, _LONGEST_PAUSE_SECONDS))
        raise AssertionError("unreachable")

    def _headers(self, more: Mapping[str, Any], data: Optional[bytes]) -> Mapping[str, str]:
        token = self._token() if callable(self._token) else self._token
        headers = {
            "accept": "application/json",
            "content-type": None if data is None else "application/json",
            "authorization": None if token is None else f"Bearer {token}",
            "x-vault-id": self._vault,
            "x-user-id": None if self._user is None else urllib.parse.quote(self._user, safe=""),
            **more,
        }
        return {name: value for name, value in headers.items() if value is not None}


def _as_text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return json.dumps(value) if isinstance(value, (dict, list)) else str(value)


def _problem(text: bytes) -> Mapping[str, Any]:
    try:
        problem = json.loads(text)
    except ValueError:
        return {}
    return problem if isinstance(problem, dict) else {}
