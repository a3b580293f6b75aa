"""Check a certificate of erasure, and its addenda, with the public key alone. It needs Python and `cryptography`.

    python verify_certificate.py --public-key KEY.pem [--public-key OTHER.pem] CERTIFICATE.json [ADDENDUM.json ...]

Where the key was replaced between a certificate and an addendum, give both.

Exit code 0: all hold, and the addenda follow the certificate without a gap. 1: something does not. 2: wrong input: a
file that cannot be read, or is larger than any certificate (1 MiB).
"""

import argparse
import base64
import hashlib
import json
import sys
from pathlib import Path

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

# What is signed begins with a line that names the kind of document.
DOMAINS = {
    "terme.certificate/1": b"terme certificate 1\n",
    "terme.certificate/2": b"terme certificate 2\n",
    "terme.certificate-addendum/1": b"terme certificate addendum 1\n",
}
# In bytes: larger files are no certificates, and are not read.
LARGEST = 1024 * 1024


def read(path):
    """Return what a file holds. Raises OSError where it cannot be read, or is larger than any certificate."""
    with path.open("rb") as file:
        raw = file.read(LARGEST + 1)
    if len(raw) > LARGEST:
        raise OSError("larger than any certificate")
    return raw


def once(pairs):
    if len({name for name, _value in pairs}) != len(pairs):
        raise ValueError("a name stands twice")
    return dict(pairs)


def refuse(text):
    raise ValueError(f"{text} is no number of a certificate")


def canonical(value):
    """Sorted names, no blanks, UTF-8; texts, integers, booleans and null only."""
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
    return text.encode()


def id_of(key):
    raw = key.public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)
    return hashlib.sha256(raw).hexdigest()[:16]


def check(path, keys):
    """Return the signed document of a file. Raises ValueError where it does not hold, OSError where it is not read."""
    signed = json.loads(read(path), object_pairs_hook=once, parse_float=refuse, parse_constant=refuse)
    signature = signed["signature"]
    document = {name: value for name, value in signed.items() if name != "signature"}
    if signature.keys() != {"algorithm", "key_id", "value"} or signature["algorithm"] != "Ed25519":
        raise ValueError("the signature is of an unknown kind")
    key = next((one for one in keys if id_of(one) == signature["key_id"]), None)
    if key is None:
        raise ValueError("another key signed it")
    key.verify(base64.b64decode(signature["value"], validate=True), DOMAINS[document["schema"]] + canonical(document))
    return signed


def digest(signed):
    return hashlib.sha256(canonical(signed)).hexdigest()


def main():
    parser = argparse.ArgumentParser(description="Check a certificate of erasure and its addenda.")
    parser.add_argument("certificate", type=Path)
    parser.add_argument("addenda", type=Path, nargs="*")
    parser.add_argument("--public-key", type=Path, required=True, action="append")
    given, keys = parser.parse_args(), []
    for path in given.public_key:
        try:
            keys.append(serialization.load_pem_public_key(read(path)))
            if not isinstance(keys[-1], Ed25519PublicKey):
                raise ValueError("not an Ed25519 key")
        except (OSError, ValueError, UnsupportedAlgorithm) as error:
            print(f"{path}: {error}", file=sys.stderr)
            return 2
    signed, path = [], given.certificate
    try:
        for path in [given.certificate, *given.addenda]:
            signed.append(check(path, keys))
    except OSError as error:
        print(f"{path}: {error}", file=sys.stderr)
        return 2
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError, InvalidSignature) as error:
        print(f"NOT VALID: {path}: {str(error) or 'it was changed'}")
        return 1
    certificate, before = signed[0], digest(signed[0])
    for number, addendum in enumerate(signed[1:], start=1):
        named = (addendum.get("number"), addendum.get("previous_sha256"), addendum.get("certificate_sha256"))
        if named != (number, before, digest(certificate)):
            print(f"NOT VALID: addendum {number} does not follow: one is missing, or of another certificate")
            return 1
        before = digest(addendum)
    last = signed[-1]
    stands = "it stands" if last.get("stands", True) else "it does NOT stand any more: residue was found"
    state = "provisional" if last.get("provisional", True) else "complete"
    what = f"addendum {certificate['number']} to certificate" if "addendum" in certificate else "certificate"
    print(f"VALID: {what} {certificate['certificate']}, addenda {len(signed) - 1}, {state}; {stands}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
