"""Data keys from Sealkeep: an access token, POST /v1/datakeys and what goes with it. The standard library only."""

import base64
import http.client
import json
import ssl
import time
import urllib.error
import urllib.parse
import urllib.request
from pathlib import Path


class SealkeepError(Exception):
    """Whatever kept a value from being sealed or opened. The text names no value and no key."""


class Unavailable(SealkeepError):
    """Sealkeep or its issuer does not answer, or not now. Nothing was changed: the same call may be made again."""


class Refused(SealkeepError):
    """Sealkeep answered and said no; `code` is one of those at /docs/errors."""

    def __init__(self, code, text):
        super().__init__(text)
        self.code = code


class NotOpened(SealkeepError):
    """Altered, or made for another key, version or place. It will not open the next time either."""


class Client:
    """A backend of OpenSPP at Sealkeep's listener `rest`.

    rest, token: addresses; ca: file with the root that both listeners' certificates lead to; secret: the client's secret.
    """

    SECONDS = 10
    # An access token is replaced before it ends, because both clocks may be off.
    LEEWAY = 30

    def __init__(self, rest, token, ca, client_id, secret):
        self._rest, self._token_url = rest, token
        self._form = {"grant_type": "client_credentials", "client_id": client_id, "client_secret": secret}
        self._tls = ssl.create_default_context(cafile=ca)
        self._token, self._ends = None, 0.0

    @classmethod
    def of_quickstart(cls, endpoints, identity="backend"):
        """As the quickstart's endpoints.json describes it."""
        where = json.loads(Path(endpoints).read_text())
        me = where["identities"][identity]
        secret = Path(me["secret_file"]).read_text().strip()
        return cls(where["rest"], where["token"], where["ca"], me["client_id"], secret)

    def new_data_key(self, key, context):
        """A data key under the current version of `key`: its 32 bytes, and the wrapped form to keep."""
        made = self._post("/v1/datakeys", {"key": key, "context": to_text(context)})
        return to_bytes(made["plaintext"]), made["wrapped"]

    def unwrap(self, wrapped, context):
        """The data key of a wrapped form, if it was made for this context."""
        return to_bytes(self._post("/v1/datakeys/unwrap", {"wrapped": wrapped, "context": to_text(context)})["plaintext"])

    def rewrap(self, key, wrapped, context):
        """The wrapped form under the current version of `key`; the data key stays the same and is not sent."""
        body = {"ciphertext": wrapped, "context": to_text(context)}
        return self._post(f"/v1/keys/{urllib.parse.quote(key, safe='')}/rewrap", body)["ciphertext"]

    def _post(self, path, body):
        for attempt in (1, 2):
            headers = {"Authorization": f"Bearer {self._access_token()}", "Content-Type": "application/json"}
            try:
                return self._send(self._rest + path, json.dumps(body).encode(), headers)
            except Refused as error:
                # The token may have been revoked, or Sealkeep restarted with another issuer: once with a fresh one.
                self._token = None
                if attempt == 2 or not error.code.startswith("token-"):
                    raise

    def _access_token(self):
        if self._token is None or time.monotonic() > self._ends:
            answer = self._send(self._token_url, urllib.parse.urlencode(self._form).encode(), {})
            self._token = answer["access_token"]
            self._ends = time.monotonic() + answer.get("expires_in", 60) - self.LEEWAY
        return self._token

    def _send(self, url, body, headers):
        request = urllib.request.Request(url, body, headers, method="POST")
        where = urllib.parse.urlsplit(url).netloc
        try:
            with urllib.request.urlopen(request, timeout=self.SECONDS, context=self._tls) as answer:
                return json.load(answer)
        except urllib.error.HTTPError as error:
            raise refusal(error, where) from None
        except (OSError, ValueError, http.client.HTTPException) as error:
            reason = getattr(error, "reason", error)
            raise Unavailable(f"no answer from {where}: {reason}. Nothing was changed; try again") from error


def refusal(error, where):
    """What an answer that is no success means to the caller."""
    try:
        problem = json.load(error)
        code, title = problem["type"].rpartition("#")[2], problem["title"]
    except (OSError, ValueError, KeyError, TypeError, AttributeError, http.client.HTTPException):
        code, title = "", f"status {error.code}"
    if error.code in (429, 502, 503, 504):
        wait = error.headers.get("Retry-After", "a few")
        return Unavailable(f"{where} cannot answer now: {title}. Nothing was changed; try again in {wait} seconds")
    if code == "not-opened":
        return NotOpened("the wrapped data key was altered, or belongs to another key or version")
    return Refused(code, f"{where} refused: {title} ({code or error.code})")


def to_text(data):
    """base64url without padding, as every binary member of the API."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def to_bytes(text):
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
