"""Seals whose private key lies in a token (PKCS #11) and never leaves it.

In place of a clinic's ``seal.key`` and ``seal.pem`` lies ``seal.token.json``: which library,
which token, which key, the PIN and the certificates. The PIN lets this machine ask the
token to sign; it does not let anybody take the key away.
"""

from __future__ import annotations

import hashlib
import importlib
import json
import os
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, NoReturn

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric import utils as asymmetric_utils

from compliance.errors import ComplianceError

TOKEN_FILE: Final = "seal.token.json"  # noqa: S105 (the name of a file)
_PROBE: Final = b"aseptrail/token-probe/v1\n"
_NAMES: Final = ("module", "token", "key", "pin", "certificates")
_ONLY: Final = "the token signs with SHA-256 only"


class TokenRefused(ComplianceError):
    """The token, or what speaks to it, is not there or does not sign."""

    code = "token_refused"


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenPlace:
    """Where a key lies."""

    module: str
    """The maker's library, such as ``libsofthsm2.so``."""
    token: str
    """Its label."""
    key: str
    """The label of the private key in it."""
    pin: str
    certificates: str
    """In PEM: the one of the key first, then its issuers."""

    def to_json(self) -> bytes:
        return json.dumps({name: getattr(self, name) for name in _NAMES}).encode()


def read_place(path: Path) -> TokenPlace:
    """Read what `TokenPlace.to_json` wrote."""
    facts = json.loads(path.read_bytes())
    return TokenPlace(**{name: str(facts[name]) for name in _NAMES})


class _Token:
    """Asks a token to sign; a session is opened for each signature, as they are rare."""

    # The library is one for the whole process, and most are not made for several threads.
    _lock = threading.Lock()
    _process: int | None = None

    def __init__(self, place: TokenPlace) -> None:
        self._place = place

    def sign(self, data: bytes, mechanism: str) -> bytes:
        """Let the token sign.

        Raises:
            TokenRefused: it is not there, locked, lacks the key, or does not know how.
        """
        with _Token._lock:
            try:
                return self._sign(data, mechanism)
            except ImportError as error:
                raise TokenRefused(
                    "python-pkcs11 is not installed; install aseptrail[pkcs11]"
                ) from error
            except Exception as error:
                # The library has an error class for each of some hundred codes.
                name = type(error).__name__
                raise TokenRefused(
                    f"the token {self._place.token!r} does not sign: {name} {error}".rstrip()
                ) from error

    def _sign(self, data: bytes, mechanism: str) -> bytes:
        pkcs11: Any = importlib.import_module("pkcs11")
        library = pkcs11.lib(self._place.module)
        if _Token._process not in (None, os.getpid()):
            # A forked process has to introduce itself to the library anew.
            library.reinitialize()
        _Token._process = os.getpid()
        token = library.get_token(token_label=self._place.token)
        with token.open(user_pin=self._place.pin) as session:
            key = session.get_key(
                object_class=pkcs11.ObjectClass.PRIVATE_KEY, label=self._place.key
            )
            return bytes(key.sign(data, mechanism=getattr(pkcs11.Mechanism, mechanism)))


class TokenEllipticKey(ec.EllipticCurvePrivateKey):
    """An elliptic curve key in a token; it can sign, and nothing else."""

    def __init__(self, place: TokenPlace, public: ec.EllipticCurvePublicKey) -> None:
        self._token = _Token(place)
        self._public = public

    def public_key(self) -> ec.EllipticCurvePublicKey:
        return self._public

    @property
    def curve(self) -> ec.EllipticCurve:
        return self._public.curve

    @property
    def key_size(self) -> int:
        return self._public.key_size

    def sign(self, data: Any, signature_algorithm: ec.EllipticCurveSignatureAlgorithm) -> bytes:
        if not isinstance(signature_algorithm.algorithm, hashes.SHA256):
            raise TokenRefused(_ONLY)
        raw = self._token.sign(hashlib.sha256(data).digest(), "ECDSA")
        half = len(raw) // 2
        return asymmetric_utils.encode_dss_signature(
            int.from_bytes(raw[:half], "big"), int.from_bytes(raw[half:], "big")
        )

    def exchange(self, *_args: Any) -> NoReturn:
        raise TokenRefused("a seal signs and does nothing else")

    def private_numbers(self) -> NoReturn:
        raise TokenRefused("the key does not leave its token")

    def private_bytes(self, *_args: Any) -> NoReturn:
        raise TokenRefused("the key does not leave its token")

    def __copy__(self) -> TokenEllipticKey:
        return self

    def __deepcopy__(self, _memo: object) -> TokenEllipticKey:
        return self


class TokenRsaKey(rsa.RSAPrivateKey):
    """An RSA key in a token; it can sign, and nothing else."""

    def __init__(self, place: TokenPlace, public: rsa.RSAPublicKey) -> None:
        self._token = _Token(place)
        self._public = public

    def public_key(self) -> rsa.RSAPublicKey:
        return self._public

    @property
    def key_size(self) -> int:
        return self._public.key_size

    def sign(self, data: Any, padding: Any, algorithm: Any) -> bytes:
        if not isinstance(algorithm, hashes.SHA256) or padding.name != "EMSA-PKCS1-v1_5":
            raise TokenRefused(_ONLY)
        return self._token.sign(bytes(data), "SHA256_RSA_PKCS")

    def decrypt(self, *_args: Any) -> NoReturn:
        raise TokenRefused("a seal signs and does nothing else")

    def private_numbers(self) -> NoReturn:
        raise TokenRefused("the key does not leave its token")

    def private_bytes(self, *_args: Any) -> NoReturn:
        raise TokenRefused("the key does not leave its token")

    def __copy__(self) -> TokenRsaKey:
        return self

    def __deepcopy__(self, _memo: object) -> TokenRsaKey:
        return self


def open_token(place: TokenPlace, certificate: x509.Certificate) -> TokenEllipticKey | TokenRsaKey:
    """Return the key of a certificate, having let the token prove that it holds it.

    Raises:
        TokenRefused: it does not sign, or signs with another key.
    """
    public = certificate.public_key()
    try:
        if isinstance(public, ec.EllipticCurvePublicKey):
            elliptic = TokenEllipticKey(place, public)
            scheme = ec.ECDSA(hashes.SHA256())
            public.verify(elliptic.sign(_PROBE, scheme), _PROBE, scheme)
            return elliptic
        if isinstance(public, rsa.RSAPublicKey):
            key = TokenRsaKey(place, public)
            signature = key.sign(_PROBE, padding.PKCS1v15(), hashes.SHA256())
            public.verify(signature, _PROBE, padding.PKCS1v15(), hashes.SHA256())
            return key
    except InvalidSignature as error:
        raise TokenRefused("the key in the token is not that of the certificate") from error
    raise TokenRefused("the certificate is for a kind of key that is not used here")
