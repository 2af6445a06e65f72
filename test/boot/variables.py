# SPDX-License-Identifier: LGPL-2.1-or-later
"""What firmware remembers: a store of variables for OVMF with Secure Boot on and keys of one's own.

The store is a firmware volume with a header of its own and then one authenticated variable behind the other (EDK2,
MdeModulePkg/Include/Guid/VariableFormat.h)."""
import struct
import uuid

GLOBAL = uuid.UUID("8be4df61-93ca-11d2-aa0d-00e098032b8c")
SECURITY = uuid.UUID("d719b2cb-3d3a-4596-a3bc-dad00e67656f")
ENABLE = uuid.UUID("f0a30bc7-af08-4556-99c4-001009c93a44")  # gEfiSecureBootEnableDisableGuid
X509 = uuid.UUID("a5c059a1-94e4-4aa7-87b5-ab155c2bf072")
SHA256 = uuid.UUID("c1c41626-504c-4092-aca9-41f936934328")
OWNER = uuid.UUID("77fa9abd-0359-4d32-bd60-28f4e78f784b")
STORE = uuid.UUID("aaf32c78-947b-439a-a180-2e144ec37792")  # gEfiAuthenticatedVariableGuid
KEPT, AT_BOOT, AT_RUNTIME, AUTHENTICATED = 1, 2, 4, 0x20


def signature_list(data, kind=X509):
    """EFI_SIGNATURE_LIST with one entry."""
    size = 16 + len(data)
    return kind.bytes_le + struct.pack("<III", 28 + size, 0, size) + OWNER.bytes_le + data


def variable(guid, name, data, attributes):
    """One that was added, 4-byte aligned."""
    text = name.encode("utf-16-le") + b"\0\0"
    time = struct.pack("<HBBBBBBIhBB", 2026, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0) if attributes & AUTHENTICATED else bytes(16)
    head = struct.pack("<HBBIQ", 0x55aa, 0x3f, 0, attributes, 0) + time + struct.pack("<III", 0, len(text), len(data))
    record = head + guid.bytes_le + text + data
    return record + b"\xff" * (-len(record) % 4)


def write(template, certificate, path):
    """A copy of an empty store in which this certificate (DER) is all that there is; the databases, by name."""
    store = bytearray(open(template, "rb").read())
    at = store.index(STORE.bytes_le) + 28  # behind the header: GUID, size, format, state, two reserved
    if store[at:at + 2] == b"\xaa\x55":
        raise ValueError(f"{template} has variables already")
    kept = KEPT | AT_BOOT | AT_RUNTIME | AUTHENTICATED
    own = signature_list(certificate)
    databases = {"pk": own, "kek": own, "db": own, "dbx": signature_list(bytes(32), SHA256)}
    records = (variable(GLOBAL, "PK", databases["pk"], kept) + variable(GLOBAL, "KEK", databases["kek"], kept) +
               variable(SECURITY, "db", databases["db"], kept) + variable(SECURITY, "dbx", databases["dbx"], kept) +
               variable(ENABLE, "SecureBootEnable", b"\1", KEPT | AT_BOOT))
    store[at:at + len(records)] = records
    open(path, "wb").write(store)
    return databases
