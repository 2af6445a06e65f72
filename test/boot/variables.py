# SPDX-License-Identifier: LGPL-2.1-or-later
"""What firmware remembers: a store of variables for OVMF with Secure Boot on and keys of one's own.

The store is a firmware volume with a header of its own and then one authenticated variable behind the other (EDK2,
MdeModulePkg/Include/Guid/VariableFormat.h)."""
import hashlib
import struct
import uuid

GLOBAL = uuid.UUID("8be4df61-93ca-11d2-aa0d-00e098032b8c")
SECURITY = uuid.UUID("d719b2cb-3d3a-4596-a3bc-dad00e67656f")
ENABLE = uuid.UUID("f0a30bc7-af08-4556-99c4-001009c93a44")  # gEfiSecureBootEnableDisableGuid
X509 = uuid.UUID("a5c059a1-94e4-4aa7-87b5-ab155c2bf072")
SHA256 = uuid.UUID("c1c41626-504c-4092-aca9-41f936934328")
# by whose hash a certificate is revoked
X509_HASHES = {"sha256": uuid.UUID("3bd2a492-96c0-4079-b420-fcf98ef103ed"), "sha384": uuid.UUID("7076876e-80c2-4ee6-aad2-28b349a6865b"),
               "sha512": uuid.UUID("446dbf63-2502-4cda-bcfa-2465d2b0fe9d")}
OWNER = uuid.UUID("77fa9abd-0359-4d32-bd60-28f4e78f784b")
STORE = uuid.UUID("aaf32c78-947b-439a-a180-2e144ec37792")  # gEfiAuthenticatedVariableGuid
KEPT, AT_BOOT, AT_RUNTIME, AUTHENTICATED = 1, 2, 4, 0x20


def signature_list(data, kind=X509):
    """EFI_SIGNATURE_LIST with one entry."""
    size = 16 + len(data)
    return kind.bytes_le + struct.pack("<III", 28 + size, 0, size) + OWNER.bytes_le + data


def by_hash(certificate, algorithm="sha256", time=bytes(16)):
    """What revokes a certificate (DER) from that time on, or for ever: the hash of what its issuer signed of it, which
    stands first in it (RFC 5280, 4.1: tbsCertificate; both lengths have two bytes here)."""
    assert certificate[1] == certificate[5] == 0x82
    signed = certificate[4:8 + int.from_bytes(certificate[6:8], "big")]
    return X509_HASHES[algorithm], hashlib.new(algorithm, signed).digest() + time


def variable(guid, name, data, attributes):
    """One that was added, 4-byte aligned."""
    text = name.encode("utf-16-le") + b"\0\0"
    time = struct.pack("<HBBBBBBIhBB", 2026, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0) if attributes & AUTHENTICATED else bytes(16)
    head = struct.pack("<HBBIQ", 0x55aa, 0x3f, 0, attributes, 0) + time + struct.pack("<III", 0, len(text), len(data))
    record = head + guid.bytes_le + text + data
    return record + b"\xff" * (-len(record) % 4)


def write(template, known, path, kept_out=None):
    """A copy of an empty store in which these certificates (DER) are all that lets a program in, the first of them all else
    that there is; kept_out: an entry of dbx, (kind, data). The databases, by name."""
    store = bytearray(open(template, "rb").read())
    at = store.index(STORE.bytes_le) + 28  # behind the header: GUID, size, format, state, two reserved
    if store[at:at + 2] == b"\xaa\x55":
        raise ValueError(f"{template} has variables already")
    kept = KEPT | AT_BOOT | AT_RUNTIME | AUTHENTICATED
    own, (kind, data) = signature_list(known[0]), kept_out or (SHA256, bytes(32))
    databases = {"pk": own, "kek": own, "db": b"".join(map(signature_list, known)), "dbx": signature_list(data, kind)}
    records = (variable(GLOBAL, "PK", databases["pk"], kept) + variable(GLOBAL, "KEK", databases["kek"], kept) +
               variable(SECURITY, "db", databases["db"], kept) + variable(SECURITY, "dbx", databases["dbx"], kept) +
               variable(ENABLE, "SecureBootEnable", b"\1", KEPT | AT_BOOT))
    store[at:at + len(records)] = records
    open(path, "wb").write(store)
    return databases
