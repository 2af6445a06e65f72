# SPDX-License-Identifier: LGPL-2.1-or-later
"""What somebody between a machine and its judge makes of the machine's evidence, and what the judge says to that."""
import base64
import hashlib
import json
import re
import secrets


def read(file):
    """The parts of evidence, and the whole (RFC 9999)."""
    whole = json.loads(file.read_bytes())
    return whole, {label: decode(part[1]) for label, part in whole.items() if isinstance(part, list)}


def decode(text):
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def write(file, whole, parts, with_manifest):
    """with_manifest: it tells of the parts as they are now; what the TPM signed of it stays."""
    if with_manifest:
        manifest = json.loads(parts["manifest"])
        manifest["parts"] = {label: {"sha256": hashlib.sha256(data).hexdigest(), "size": len(data)}
                             for label, data in sorted(parts.items()) if label not in ("manifest", "tpm")}
        parts["manifest"] = json.dumps(manifest, separators=(",", ":"), sort_keys=True).encode()
    for label, data in parts.items():
        whole[label][1] = base64.urlsafe_b64encode(data).rstrip(b"=").decode()
    file.write_text(json.dumps(whole, separators=(",", ":")))


def without_last_record(parts):
    lines = parts["avouch-log"].split(b"\x1e")
    parts["avouch-log"] = b"\x1e".join(lines[:-1])


def with_quote_of(earlier):
    def change(parts):
        parts["tpm"] = earlier["tpm"]
    return change


def judged(evidence, change, policy, with_manifest=True):
    """The verdict on evidence of which that was changed."""
    whole, parts = read(evidence.file)
    good = evidence.file.read_bytes()
    try:
        change(parts)
        write(evidence.file, whole, parts, with_manifest)
        return evidence.judge(policy)
    finally:
        evidence.file.write_bytes(good)


def edited(policy, name, pattern, text):
    """A policy in which that stands instead."""
    changed = policy.with_name(f"{policy.stem}-{name}.policy")
    changed.write_text(re.sub(pattern, text, policy.read_text(), flags=re.M))
    return changed


def check_all(check, evidence, earlier, policy):
    """earlier: what the same machine answered before; policy: by which evidence is trusted."""
    def refused(promise, verdict, claim, words):
        trusted, claims = verdict
        check(promise, not trusted and claims[claim].startswith("not-proven: ") and words in claims[claim], claims)

    stranger = edited(policy, "stranger", "^AttestationKey=.*$", "AttestationKey=000b" + secrets.token_hex(32))
    secure = edited(policy, "secure", "^SecureBoot=no$", "SecureBoot=yes")
    refused("a quote of a machine that policy does not name", evidence.judge(stranger), "key", "AK unknown")
    refused("a quote that was made before, for another nonce", evidence.judge(policy, nonce=secrets.token_hex(32)), "fresh",
            "another nonce")
    refused("a quote that was made before, among what the machine says now",
            judged(evidence, with_quote_of(read(earlier.file)[1]), policy), "fresh", "another nonce")
    refused("a record that was taken out", judged(evidence, without_last_record, policy, with_manifest=False), "registers",
            "avouch-log")
    refused("and of which the list of parts tells nothing, either", judged(evidence, without_last_record, policy), "registers",
            "do not replay to the quoted pcr:8")
    refused("Secure Boot is off, where policy asks for it", evidence.judge(secure), "firmware", "Secure Boot is off")
