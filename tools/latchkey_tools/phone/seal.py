"""What both ends of the vehicle-command protocol compute: the shared key K, metadata strings, tags.

Facts: protocol.md ("Key agreement", "Metadata serialization", "Response authentication"). K follows from the two
long-lived keys alone and never changes; what makes a message fresh is in its metadata. Ciphers and the curve are those
of `cryptography`.
"""

import hashlib
import hmac

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from tesla_fleet_api.tesla.vehicle.proto.signatures_pb2 import SignatureType, Tag

POINT_LEN = 65
NONCE_LEN = 12
TAG_LEN = 16
_SHORT_HASH_LEN = 17  # of a request, in replies of the security domain: its type and 16 bytes of its tag
_ISO_3779 = "ABCDEFGHJKLMNPRSTUVWXYZ123456789"  # the alphabet of vehicle names, without 0: 32 characters
_LEAD = "LATCHKEY"


def point_of(private: ec.EllipticCurvePrivateKey) -> bytes:
    """The public key as it is sent: 04 X Y, 65 bytes."""
    return private.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)


def short_id(point: bytes) -> str:
    """8 hex digits by which people tell keys apart; it identifies nothing."""
    return hashlib.sha1(point).hexdigest()[:8]


def local_name(vin: str) -> str:
    """The name on the air, by which every client finds the vehicle."""
    return "S" + hashlib.sha1(vin.encode("ascii")).hexdigest()[:16] + "C"


def vin_of(point: bytes) -> str:
    """What a Latchkey with this public key calls itself: nine of its 17 characters are 45 bits of the key's hash."""
    digest = hashlib.sha256(point[1:]).digest()
    return _LEAD + "".join(_ISO_3779[byte & 31] for byte in digest[: 17 - len(_LEAD)])


def names_its_key(vin: str) -> bool:
    """True where a controller has made this name itself, so that it says something about the key."""
    return len(vin) == 17 and vin.startswith(_LEAD) and set(vin) <= set(_ISO_3779)


def agree(private: ec.EllipticCurvePrivateKey, point: bytes) -> bytes:
    """K, 16 bytes. Raises ValueError where point is no public key on the curve."""
    if len(point) != POINT_LEN or point[0] != 4:
        raise ValueError("no uncompressed point")
    public = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), point)
    return hashlib.sha1(private.exchange(ec.ECDH(), public)).digest()[:16]


def seal(key: bytes, nonce: bytes, metadata: bytes, text: bytes) -> tuple[bytes, bytes]:
    """Encrypt; gives the text as it is sent, and its tag."""
    sealed = AESGCM(key).encrypt(nonce, text, hashlib.sha256(metadata).digest())
    return sealed[:-TAG_LEN], sealed[-TAG_LEN:]


def unseal(key: bytes, nonce: bytes, metadata: bytes, text: bytes, tag: bytes) -> bytes | None:
    """Decrypt; None where the tag is wrong."""
    if len(nonce) != NONCE_LEN or len(tag) != TAG_LEN:
        return None
    try:
        return AESGCM(key).decrypt(nonce, text + tag, hashlib.sha256(metadata).digest())
    except InvalidTag:
        return None


def vouches(key: bytes, vin: str, challenge: bytes, info: bytes, tag: bytes) -> bool:
    """True when session info comes from the owner of the vehicle's key and answers the message with this uuid."""
    metadata = _string(
        (Tag.TAG_SIGNATURE_TYPE, bytes((SignatureType.SIGNATURE_TYPE_HMAC,))),
        (Tag.TAG_PERSONALIZATION, vin.encode("ascii")),
        (Tag.TAG_CHALLENGE, challenge),
    )
    subkey = hmac.digest(key, b"session info", "sha256")
    return hmac.compare_digest(hmac.digest(subkey, metadata + info, "sha256"), tag)


def command_metadata(vin: str, domain: int, epoch: bytes, expires_at: int, counter: int, flags: int) -> bytes:
    """What the tag of a request covers beside its text. flags: not 0."""
    return _string(
        (Tag.TAG_SIGNATURE_TYPE, bytes((SignatureType.SIGNATURE_TYPE_AES_GCM_PERSONALIZED,))),
        (Tag.TAG_DOMAIN, bytes((domain,))),
        (Tag.TAG_PERSONALIZATION, vin.encode("ascii")),
        (Tag.TAG_EPOCH, epoch),
        (Tag.TAG_EXPIRES_AT, _four(expires_at)),
        (Tag.TAG_COUNTER, _four(counter)),
        (Tag.TAG_FLAGS, _four(flags)),
    )


def reply_metadata(vin: str, domain: int, counter: int, flags: int, request_tag: bytes, fault: int) -> bytes:
    """What the tag of a reply covers beside its text; request_tag binds it to the request that it answers."""
    request = bytes((SignatureType.SIGNATURE_TYPE_AES_GCM_PERSONALIZED,)) + request_tag
    return _string(
        (Tag.TAG_SIGNATURE_TYPE, bytes((SignatureType.SIGNATURE_TYPE_AES_GCM_RESPONSE,))),
        (Tag.TAG_DOMAIN, bytes((domain,))),
        (Tag.TAG_PERSONALIZATION, vin.encode("ascii")),
        (Tag.TAG_COUNTER, _four(counter)),
        (Tag.TAG_FLAGS, _four(flags)),
        (Tag.TAG_REQUEST_HASH, request[:_SHORT_HASH_LEN]),
        (Tag.TAG_FAULT, _four(fault)),
    )


def _four(number: int) -> bytes:
    return number.to_bytes(4, "big")


def _string(*items: tuple[int, bytes]) -> bytes:
    """Tag, length and value of each item in the order of their tags, then FF."""
    return b"".join(bytes((tag, len(value))) + value for tag, value in items) + b"\xff"
