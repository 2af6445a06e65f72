# SPDX-License-Identifier: LGPL-2.1-or-later
"""A machine with a software TPM into which the firmware's log that this writes was extended, and evidence of it:
genuine, or put together by hand from what the TPM signed."""
import base64
import hashlib
import json
import os
import pathlib
import secrets
import struct
import subprocess
import time

ALGS = {"sha1": 4, "sha256": 11, "sha384": 12, "sha512": 13}
SIZES = {"sha1": 20, "sha256": 32, "sha384": 48, "sha512": 64}
BANKS = ["sha1", "sha256", "sha384"]
(EV_UNUSED, EV_NO_ACTION, EV_SEPARATOR, EV_EVENT_TAG, EV_S_CRTM_VERSION, EV_IPL) = (2, 3, 4, 6, 8, 13)
(EV_VARIABLE_CONFIG, EV_VARIABLE_BOOT, EV_APPLICATION, EV_GPT, EV_ACTION, EV_BLOB, EV_AUTHORITY) = (
    0x80000001, 0x80000002, 0x80000003, 0x80000006, 0x80000007, 0x80000008, 0x800000e0)
GLOBAL = bytes.fromhex("61dfe48bca93d211aa0d00e098032b8c")
SECURITY = bytes.fromhex("cbb219d73a3d9645a3bcdad00e67656f")
SHA256_ENTRY = bytes.fromhex("2616c4c14c509240aca941f936934328")


class Event:
    """Of which the data were measured, or something else."""

    def __init__(self, pcr, kind, data, measured=None):
        self.pcr, self.kind, self.data = pcr, kind, bytes(data)
        measured = self.data if measured is None else measured
        self.digests = {bank: hashlib.new(bank, measured).digest() for bank in BANKS}

    def bytes(self):
        out = struct.pack("<III", self.pcr, self.kind, len(self.digests))
        for bank, digest in self.digests.items():
            out += struct.pack("<H", ALGS[bank]) + digest
        return out + struct.pack("<I", len(self.data)) + self.data


def head(sizes=None, count=None):
    sizes = sizes or SIZES
    spec = b"Spec ID Event03\0" + struct.pack("<IBBBB", 0, 0, 2, 0, 2)
    spec += struct.pack("<I", len(BANKS) if count is None else count)
    for bank in BANKS:
        spec += struct.pack("<HH", ALGS[bank], sizes[bank])
    spec += b"\0"
    return struct.pack("<II", 0, EV_NO_ACTION) + bytes(20) + struct.pack("<I", len(spec)) + spec


def variable(guid, name, data):
    return guid + struct.pack("<QQ", len(name), len(data)) + name.encode("utf-16le") + data


def entries(content):
    """An EFI_SIGNATURE_LIST with one hash."""
    return SHA256_ENTRY + struct.pack("<III", 28 + 16 + 32, 0, 48) + bytes(16) + content


def honest_boot():
    """Secure Boot, and a UKI to which an addon appended a command line."""
    log = [Event(0, EV_S_CRTM_VERSION, b"1\0.\0\0\0"), Event(0, EV_BLOB, bytes(16), b"firmware"),
           Event(7, EV_VARIABLE_CONFIG, variable(GLOBAL, "SecureBoot", b"\1"))]
    for guid, name in ((GLOBAL, "PK"), (GLOBAL, "KEK"), (SECURITY, "db"), (SECURITY, "dbx")):
        log.append(Event(7, EV_VARIABLE_CONFIG, variable(guid, name, entries(hashlib.sha256(name.encode()).digest()))))
    log += [Event(1, EV_VARIABLE_BOOT, variable(GLOBAL, "BootOrder", b"\0\0")),
            Event(4, EV_ACTION, b"Calling EFI Application from Boot Option")]
    log += [Event(pcr, EV_SEPARATOR, bytes(4)) for pcr in range(8)]
    log += [Event(7, EV_AUTHORITY, variable(SECURITY, "db", bytes(16) + hashlib.sha256(b"db").digest())),
            Event(5, EV_GPT, b"EFI PART" + bytes(92)), Event(4, EV_APPLICATION, bytes(32), b"a UKI")]
    for name, content in ((".linux", b"a kernel"), (".cmdline", b"root=x quiet\0"), (".initrd", b"an initrd")):
        text = (name + "\0").encode("utf-16le")
        log += [Event(11, EV_IPL, text, name.encode() + b"\0"), Event(11, EV_IPL, text, content)]
    log += [Event(12, EV_IPL, "loud\0".encode("utf-16le")), Event(5, EV_ACTION, b"Exit Boot Services Invocation"),
            Event(5, EV_ACTION, b"Exit Boot Services Returned with Success")]
    return log


def write_log(log, **kind):
    return head(**kind) + b"".join(event.bytes() for event in log)


def b64u(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def canonical(value):
    return json.dumps(value, sort_keys=True, separators=(",", ":")).encode()


def selection(pairs):
    """TPML_PCR_SELECTION"""
    out = struct.pack(">I", len(pairs))
    for bank, pcrs in pairs:
        out += struct.pack(">HB", ALGS[bank], 3) + sum(1 << pcr for pcr in pcrs).to_bytes(3, "little")
    return out


class Machine:
    """folder: an empty one, in which all of it lies. The path of the socket must be short."""

    def __init__(self, folder, avouch):
        self.folder, self.avouch = pathlib.Path(folder), avouch
        self.nonce = secrets.token_hex(32)
        for name in ("tpm", "log", "state"):
            (self.folder / name).mkdir()
        self.env = {**os.environ, "TPM2TOOLS_TCTI": f"swtpm:path={folder}/socket", "TSS2_LOG": "all+NONE",
                    "AVOUCH_LOG_DIR": f"{folder}/log", "AVOUCH_STATE_DIR": f"{folder}/state"}
        self.server = subprocess.Popen(
            ["swtpm", "socket", "--tpm2", "--tpmstate", f"dir={folder}/tpm", "--flags", "not-need-init,startup-clear",
             "--server", f"type=unixio,path={folder}/socket", "--ctrl", f"type=unixio,path={folder}/socket.ctrl"],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        for _ in range(1000):
            if (self.folder / "socket").exists() and (self.folder / "socket.ctrl").exists():
                break
            time.sleep(0.01)
        self.log = honest_boot()
        for event in self.log:
            self.run("tpm2_pcrextend", f"{event.pcr}:" + ",".join(f"{b}={d.hex()}" for b, d in event.digests.items()))
        self.run(avouch, "measure", "phase", "ready")

    def close(self):
        self.server.terminate()
        self.server.wait()

    def run(self, *words, check=True):
        done = subprocess.run(words, cwd=self.folder, env=self.env, stdin=subprocess.DEVNULL, capture_output=True, check=False)
        if check and done.returncode != 0:
            raise RuntimeError(f"{' '.join(map(str, words))}: {done.stderr.decode()}{done.stdout.decode()[-500:]}")
        return done

    def read(self, name):
        return (self.folder / name).read_bytes()

    def write(self, name, data):
        (self.folder / name).write_bytes(data)
        return name

    def quote(self, log, pcrs="sha256:0-15+sha384:0-15"):
        """Genuine evidence, with this for the firmware's log."""
        self.write("log.bin", log)
        self.run(self.avouch, "quote", f"--nonce={self.nonce}", f"--pcrs={pcrs}", "--firmware-log=log.bin", "--output=evidence")

    def key(self, name, kind="ecc:ecdsa-sha256:null", more="|noda"):
        """An attestation key, and its TPMT_PUBLIC. Other attributes, another key."""
        attributes = "fixedtpm|fixedparent|sensitivedataorigin|userwithauth|restricted|sign"
        self.run("tpm2_createprimary", "-C", "e", "-G", kind, "-a", attributes + more, "-c", f"{name}.ctx")
        self.run("tpm2_flushcontext", "-t")  # nobody keeps the three places for objects free but us
        self.run("tpm2_readpublic", "-c", f"{name}.ctx", "-f", "tss", "-o", f"{name}.pub")
        self.run("tpm2_flushcontext", "-t")
        return self.read(f"{name}.pub")[2:]

    def signed_quote(self, key, pcrs, nonce=None):
        """TPMS_ATTEST and TPMT_SIGNATURE."""
        self.run("tpm2_quote", "-c", f"{key}.ctx", "-l", pcrs, "-q", nonce or self.nonce, "-m", "msg", "-s", "sig")
        self.run("tpm2_flushcontext", "-t")
        return self.read("msg"), self.read("sig")

    def values(self, pairs):
        out = {}
        for bank, pcrs in pairs:
            self.run("tpm2_pcrread", f"{bank}:" + ",".join(map(str, pcrs)), "-o", "values")
            data, size = self.read("values"), SIZES[bank]
            out[bank] = {str(pcr): data[i * size:(i + 1) * size].hex() for i, pcr in enumerate(sorted(pcrs))}
        return out

    def bundle(self, tpmt, attest, signature, pairs, values, nonce=None):
        """Evidence of one quote; name: the policy pins the key that is in it."""
        name = "000b" + hashlib.sha256(tpmt).hexdigest()
        tpm = canonical({"ak": b64u(tpmt), "commands": ["quote 0"], "nv": [], "pcrs": values, "quotes": [
            {"attest": b64u(attest), "selection": b64u(selection(pairs)), "signature": b64u(signature)}]})
        manifest = canonical({"ak": name, "avouch": 1, "created": 0, "nonce": nonce or self.nonce, "parts": {}})
        kind = "application/vnd.avouch.{}+json"
        self.write("evidence", canonical({"__cmwc_t": "tag:avouch,2026:evidence/v1",
                                          "manifest": [kind.format("manifest"), b64u(manifest), 4],
                                          "tpm": [kind.format("tpm"), b64u(tpm), 4]}))
        return name

    def judge(self, policy, nonce=None):
        """The exit status, and what is said."""
        self.write("policy", policy.encode())
        done = self.run(self.avouch, "verify", f"--nonce={self.nonce if nonce is None else nonce}", "--policy=policy", "evidence",
                        check=False)
        return done.returncode, done.stdout.decode() + done.stderr.decode()


class Software:
    """A key outside of any TPM that says of itself whatever it likes: it signs what no TPM would."""

    def __init__(self, machine):
        self.machine = machine
        machine.run("openssl", "ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", "software.pem")
        machine.run("openssl", "ec", "-in", "software.pem", "-pubout", "-outform", "DER", "-out", "software.der")
        point = machine.read("software.der")[-64:]
        # TPMT_PUBLIC: ECC, SHA-256, the attributes of an attestation key, ECDSA with SHA-256 on P-256
        self.tpmt = bytes.fromhex("0023000b000504720000" "0010" "0018000b" "0003" "0010") + b"\0 " + point[:32] + b"\0 " + point[32:]

    def sign(self, attest, alg="sha256"):
        self.machine.write("to-sign", attest)
        self.machine.run("openssl", "dgst", f"-{alg}", "-sign", "software.pem", "-out", "der", "to-sign")
        der, numbers = self.machine.read("der"), b""
        at = 2
        for _ in range(2):
            number = der[at + 2:at + 2 + der[at + 1]]
            at += 2 + der[at + 1]
            number = number.lstrip(b"\0").rjust(32, b"\0")
            numbers += b"\0 " + number
        return struct.pack(">HH", 0x18, ALGS[alg]) + numbers
