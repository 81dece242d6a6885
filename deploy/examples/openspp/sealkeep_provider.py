#!/usr/bin/env python3
"""A key provider for OpenSPP 2 whose keys are wrapped in Sealkeep's token.

It has the methods of OpenSPP's providers (get_data_key, get_index_salt, rotate_key, list_key_versions, get_provider_info,
test_connection), and encrypt and decrypt that write the key's version into the ciphertext, so that values from before a rotation open.

    sealkeep_provider.py --endpoints FILE --wrapped-keys FILE [--key NAME] COMMAND …

encrypt, decrypt and index read a value from standard input. Exit status: 0 good, 1 refused, 2 usage, 3 unavailable.
"""

import argparse
import base64
import binascii
import hashlib
import hmac
import os
import sqlite3
import sys
import time

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from sealkeep_client import Client, NotOpened, SealkeepError, Unavailable
from wrapped_keys import WrappedKeys

# A ciphertext: these bytes, the data key's version (4), nonce (12), AES-256-GCM ciphertext and tag (16); all as standard base64.
MARK = b"SKO1"
HEADER = len(MARK) + 4
NONCE, TAG = 12, 16


class UnknownVersion(SealkeepError):
    """No data key of this version is kept here: a wrong key id, or a table of wrapped keys that is older than the value."""


class SealkeepProvider:
    """One of OpenSPP's key providers.

    client: a Client; wrapped_keys: a WrappedKeys; key: the AES key in Sealkeep under which data keys are wrapped.
    A data key is remembered for `seconds`, so that a list of records costs one call; 0: never.
    """

    MOST_REMEMBERED = 64

    def __init__(self, client, wrapped_keys, key="openspp", seconds=60):
        self._client, self._kept, self._key, self._seconds = client, wrapped_keys, key, seconds
        self._remembered = {}

    # --- What OpenSPP's registry of providers calls. ------------------------------------------------------------------

    def get_data_key(self, key_id, version=None):
        """The 32 bytes of a data key: of this version, or of the current one, which is made if there is none."""
        return self._data_key(f"data:{key_id}", version)[1]

    def get_index_salt(self, purpose):
        """The 32 bytes for blind indexes of this purpose. Never rotated: every index would have to be made anew."""
        return self._data_key(f"salt:{purpose}", None)[1]

    def rotate_key(self, key_id):
        """Makes the next version and gives its number. Values of the former ones still open."""
        versions = self._kept.versions(f"data:{key_id}")
        return self._make(f"data:{key_id}", versions[-1] + 1 if versions else 1)[0]

    def list_key_versions(self, key_id):
        return self._kept.versions(f"data:{key_id}")

    def get_provider_info(self):
        connected = "connected" if self.test_connection() else "error"
        return {"name": "Sealkeep", "type": "sealkeep", "supports_rotation": True, "supports_versioning": True,
                "connection_status": connected}

    def test_connection(self):
        """Whether a data key can be wrapped and unwrapped. None is kept."""
        try:
            plain, wrapped = self._client.new_data_key(self._key, b"connection test")
            return self._client.unwrap(wrapped, b"connection test") == plain
        except SealkeepError:
            return False

    # --- In place of the encrypt and decrypt of OpenSPP's key manager. ------------------------------------------------

    def encrypt(self, plaintext, key_id, aad=b""):
        """Text of the ciphertext. `aad` should name the place, for example model, row and field: then no two can be swapped."""
        version, key = self._data_key(f"data:{key_id}", None)
        header, nonce = MARK + version.to_bytes(4, "big"), os.urandom(NONCE)
        sealed = AESGCM(key).encrypt(nonce, plaintext, bound(header, key_id, aad))
        return base64.b64encode(header + nonce + sealed).decode()

    def decrypt(self, text, key_id, aad=b""):
        """What was encrypted. Never the text itself: what does not open is an error."""
        try:
            data = base64.b64decode(text, validate=True)
        except (binascii.Error, ValueError):
            raise NotOpened("this is no ciphertext of this provider: not base64") from None
        if not data.startswith(MARK) or len(data) < HEADER + NONCE + TAG:
            raise NotOpened("this is no ciphertext of this provider: it names no key version")
        version = int.from_bytes(data[len(MARK):HEADER], "big")
        _, key = self._data_key(f"data:{key_id}", version)
        nonce, sealed = data[HEADER:HEADER + NONCE], data[HEADER + NONCE:]
        try:
            return AESGCM(key).decrypt(nonce, sealed, bound(data[:HEADER], key_id, aad))
        except InvalidTag:
            raise NotOpened("the value was altered, or belongs to another key or place") from None

    # --- After the key in Sealkeep was rotated. -----------------------------------------------------------------------

    def rewrap(self):
        """Moves every data key to the current version of the key in Sealkeep. No value changes. Gives the number moved.

        May be stopped at any point and run again: each move is whole.
        """
        moved = 0
        for name, version, wrapped in self._kept.all():
            fresh = self._client.rewrap(self._key, wrapped, place(name, version))
            moved += self._kept.replace(name, version, wrapped, fresh)
        return moved

    # --- Data keys. ---------------------------------------------------------------------------------------------------

    def _data_key(self, name, version):
        """Version and bytes; the current version for None, made if there is none yet."""
        versions = self._kept.versions(name)
        if version is None:
            if not versions:
                return self._make(name, 1)
            version = versions[-1]
        if version not in versions:
            raise UnknownVersion(f"no version {version} of this data key is kept here; there are {versions or 'none'}")
        known = self._remembered.get((name, version))
        if known is None or known[1] < time.monotonic():
            known = self._remember(name, version, self._client.unwrap(self._kept.wrapped(name, version), place(name, version)))
        return version, known[0]

    def _make(self, name, version):
        plain, wrapped = self._client.new_data_key(self._key, place(name, version))
        # Kept before it is used. If another process was faster, its key counts and ours was never used.
        if not self._kept.add(name, version, wrapped):
            return self._data_key(name, version)
        return version, self._remember(name, version, plain)[0]

    def _remember(self, name, version, plain):
        if len(self._remembered) >= self.MOST_REMEMBERED:
            self._remembered.clear()
        self._remembered[name, version] = (plain, time.monotonic() + self._seconds)
        return self._remembered[name, version]


def place(name, version):
    """What a wrapped data key is bound to: put into another row it does not unwrap."""
    return b"openspp/1\0" + version.to_bytes(4, "big") + name.encode()


def bound(header, key_id, aad):
    """What a value is bound to: its header, the name of its key, the place that the caller named."""
    name = key_id.encode()
    return header + len(name).to_bytes(4, "big") + name + (aad.encode() if isinstance(aad, str) else aad)


def parse():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--endpoints", required=True, help="endpoints.json of a quickstart")
    parser.add_argument("--wrapped-keys", required=True, help="the SQLite file in which wrapped data keys are kept")
    parser.add_argument("--key", default="openspp", help="the AES key in Sealkeep (openspp)")
    commands = parser.add_subparsers(dest="command", required=True)
    for name in ("encrypt", "decrypt"):
        command = commands.add_parser(name)
        command.add_argument("key_id")
        command.add_argument("--aad", default="")
    for name in ("rotate", "versions", "index"):
        commands.add_parser(name).add_argument("key_id")
    commands.add_parser("rewrap")
    commands.add_parser("info")
    return parser.parse_args()


def main():
    asked = parse()
    provider = SealkeepProvider(Client.of_quickstart(asked.endpoints), WrappedKeys(asked.wrapped_keys), asked.key)
    match asked.command:
        case "encrypt":
            print(provider.encrypt(sys.stdin.buffer.read(), asked.key_id, asked.aad))
        case "decrypt":
            sys.stdout.buffer.write(provider.decrypt(sys.stdin.read().strip(), asked.key_id, asked.aad))
        case "rotate":
            print(provider.rotate_key(asked.key_id))
        case "versions":
            print(*provider.list_key_versions(asked.key_id))
        case "index":
            salt = provider.get_index_salt(asked.key_id)
            print(hmac.new(salt, sys.stdin.buffer.read(), hashlib.sha256).hexdigest())
        case "rewrap":
            print(provider.rewrap())
        case "info":
            print(provider.get_provider_info())


if __name__ == "__main__":
    try:
        main()
    except (Unavailable, OSError, sqlite3.Error) as error:
        print(f"unavailable: {error}", file=sys.stderr)
        sys.exit(3)
    except SealkeepError as error:
        print(f"refused: {error}", file=sys.stderr)
        sys.exit(1)
