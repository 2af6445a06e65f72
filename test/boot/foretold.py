# SPDX-License-Identifier: LGPL-2.1-or-later
"""What "avouch predict" says before a boot, and what the registers hold behind it: with companions of the kernel image,
under Secure Boot, and behind a boot loader."""
import json
import re
import shutil
import subprocess

import variables
from machine import COMMAND_LINE, PHASES, Failed, Machine


def compare_registers(suite, name, machine, uki, *premises):
    """The registers that a boot leads to are those that are foretold of it, in both banks."""
    asked = machine.ask("cp /sys/kernel/security/tpm0/binary_bios_measurements log\n"
                        "for bank in sha256 sha384; do for n in 4 7 9 11 12 13; do "
                        "cp /sys/class/tpm/tpm0/pcr-$bank/$n $bank-$n; done; done\ncat /proc/cmdline >line")
    if asked.status != 0:
        raise Failed(f"the guest could not answer: {asked.stderr}")
    log = machine.folder / "log"
    log.write_bytes(asked.files["log"])
    premises = [log if word == "LOG" else word for word in premises]
    told = json.loads(suite.run(suite.avouch, "predict", "--json", "--bank=sha256", "--bank=sha384",
                                f"--phase={PHASES}", *[f"--firmware-log={w}" if w == log else w for w in premises], uki))
    known = [4, 7, 11, 12, 13] if int(told["stub"][:3]) >= 259 else [4, 7, 9, 11, 12, 13]
    suite.check(name, "PCR 9 is told where it can be", ("pcr9" in told) == (9 in known), sorted(told))
    for pcr in known:
        for bank in ("sha256", "sha384"):
            value = told[f"pcr{pcr}"][bank]
            value = value[PHASES] if pcr == 11 else value
            found = asked.files[f"{bank}-{pcr}"].decode().strip().lower()
            suite.check(name, f"PCR {pcr} is what predict says, {bank}", found == value, f"{found}, predicted {value}")
    return asked


def make_addon(suite, version, words, addon):
    """By nobody's code but binutils': the Debian's own stub for addons, with a section .cmdline behind the others."""
    stub = suite.program(version, "addonx64.efi.stub")
    heads = suite.run("objdump", "-p", stub)
    base, size = (int(re.search(rf"^{name}\s+([0-9a-f]+)", heads, re.M)[1], 16) for name in ("ImageBase", "SizeOfImage"))
    text = addon.with_suffix(".cmdline")
    text.write_text(words)
    suite.run("objcopy", f"--add-section=.cmdline={text}", "--set-section-flags=.cmdline=data,readonly",
              f"--change-section-vma=.cmdline={base + size:#x}", stub, addon)
    text.unlink()


def companions(suite, name, version):
    """An addon, a credential, extensions and words from SMBIOS: the stub takes them, and what it measures is foretold."""
    folder = suite.work / name
    folder.mkdir()
    (folder / "b.cred").write_bytes(b"a secret that is none\n")
    (folder / "a.x.cred").write_bytes(bytes(range(256)) * 17)
    shutil.copy(suite.layer / "usr/share/avouch-test/greeting.raw", folder / "greeting.sysext.raw")
    shutil.copy(suite.layer / "usr/share/avouch-test/motto.confext.raw", folder)
    given = [f"--credential={folder}/b.cred", f"--credential={folder}/a.x.cred", f"--extension={folder}/greeting.sysext.raw",
             f"--extension={folder}/motto.confext.raw"]
    words = []
    if version != "252":
        words = ["avouch.addon=1", "avouch.smbios=1"]
        addon = folder / "words.addon.efi"
        make_addon(suite, version, words[0], addon)
        given += [f"--addon={addon}", f"--cmdline-extra={words[1]}"]
    disk, uki = suite.disk(version, name, COMMAND_LINE, beside=sorted(folder.iterdir()))
    with Machine(suite.tools, disk, suite.work / f"run-{name}", line=words[-1] if words else None) as machine:
        machine.wait_until_up()
        asked = compare_registers(suite, name, machine, uki, "LOG", *given)
    line = asked.files["line"].decode().strip()
    suite.check(name, "the stub took the words that were added", line.startswith(" ".join([COMMAND_LINE, *words])), line)


def make_keys(suite, folder):
    """A key for Secure Boot and its certificate."""
    suite.run(suite.avouch, "keygen", "--kind=secure-boot", f"--output={folder}")
    return sorted(folder.glob("*.key"))[0], sorted(folder.glob("*.crt"))[0]


def issue(suite, folder):
    """The key of one whom an authority certified; the authority's certificate."""
    certificate = folder / "issued.crt"
    (folder / "extensions").write_text("basicConstraints=critical,CA:FALSE\n")
    suite.run("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "30", "-subj", "/CN=authority",
              "-keyout", folder / "authority.key", "-out", folder / "authority.crt")
    suite.run("openssl", "req", "-new", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=issued", "-keyout", folder / "issued.key",
              "-out", folder / "csr")
    suite.run("openssl", "x509", "-req", "-in", folder / "csr", "-days", "30", "-CA", folder / "authority.crt", "-CAcreateserial",
              "-CAkey", folder / "authority.key", "-extfile", folder / "extensions", "-out", certificate)
    return folder / "issued.key", certificate, folder / "authority.crt"


def der_of(certificate):
    return subprocess.run(["openssl", "x509", "-in", certificate, "-outform", "DER"], capture_output=True, check=True).stdout


class Firmware:
    """What firmware remembers: the certificates that it knows, and what it keeps out; and what predict is told of that."""

    def __init__(self, suite, folder, known, kept_out=None):
        folder.mkdir(exist_ok=True)
        self.store = folder / "variables.fd"
        databases = variables.write(suite.tools / "usr/share/OVMF/OVMF_VARS_4M.fd", known, self.store, kept_out)
        for kind, data in databases.items():
            (folder / kind).write_bytes(data)
        self.given = [f"--{kind}={folder / kind}" for kind in databases]

    def refuses(self, suite, disk, folder):
        """Whether it refuses to start what is on this disk, and what it said last."""
        with Machine(suite.tools, disk, folder, variables=self.store) as machine:
            try:
                machine.wait_until_up()
            except Failed:
                return machine.hopeless is not None and "Access Denied" in machine.hopeless, machine.hopeless
        return False, "it has started"


def compare_components(suite, name, machine, uki, *given):
    """systemd-pcrlock in the machine writes of Secure Boot what we have foretold."""
    theirs = machine.ask("""set -e
for what in policy authority; do
        /usr/lib/systemd/systemd-pcrlock lock-secureboot-$what --pcrlock=/run/$what.pcrlock
        cp /run/$what.pcrlock .
done""")
    suite.check(name, "systemd-pcrlock reads the log", theirs.status == 0, theirs.stderr)
    folder = machine.folder / "components"
    suite.run(suite.avouch, "predict", *given, f"--pcrlock={folder}", uki)
    for what, number in (("policy", 240), ("authority", 620)):
        ours = json.loads((folder / f"{number}-secureboot-{what}.pcrlock.d/{uki.stem}.pcrlock").read_text())
        found = json.loads(theirs.files.get(f"{what}.pcrlock", "{}"))

        def digests(component):
            return [(r["pcr"], d["digest"]) for r in component.get("records", []) for d in r["digests"] if d["hashAlg"] == "sha256"]

        suite.check(name, f"{number}-secureboot-{what} is what systemd-pcrlock has", digests(ours) == digests(found) != [], found)


def signed_with(key, certificate):
    return [f"--secureboot-private-key={key}", f"--secureboot-certificate={certificate}"]


def check_kept_out(suite, name, disk, uki, known, certificate):
    """What db admits and dbx keeps out, by each kind of entry, is refused, as predict says."""
    image = bytes.fromhex(json.loads(suite.run(suite.avouch, "show", "--json", uki))["authenticode"])
    for what, entry in (("its hash", (variables.SHA256, image)), ("its signer", (variables.X509, der_of(certificate))),
                        ("its signer's hash", variables.by_hash(der_of(certificate)))):
        folder = suite.work / f"{name}-{what.replace(' ', '-')}"
        firmware = Firmware(suite, folder, [der_of(known)], entry)
        told = subprocess.run([suite.avouch, "predict", *firmware.given, uki], capture_output=True, text=True, check=False)
        suite.check(name, f"predict says that an image is kept out when dbx has {what}",
                    told.returncode == 3 and told.stdout == "" and "dbx has" in told.stderr and told.stderr.count("\n") == 1, told)
        refused, found = firmware.refuses(suite, disk, suite.work / f"run-{folder.name}")
        suite.check(name, "and firmware refuses it", refused, found)


def secure_boot(suite, name):
    """Firmware that knows one certificate alone, the signer's own or its issuer's, starts what was signed, and not what
    was changed after, or what is revoked."""
    version, folder = ("262" if name.endswith("-262") else "257"), suite.work / name
    key, certificate = make_keys(suite, folder)
    known = certificate
    if version == "262":
        key, certificate, known = issue(suite, folder)
    firmware = Firmware(suite, folder, [der_of(known)])
    disk, uki = suite.disk(version, name, COMMAND_LINE, *signed_with(key, certificate))
    with Machine(suite.tools, disk, suite.work / f"run-{name}", variables=firmware.store) as machine:
        machine.wait_until_up()
        compare_registers(suite, name, machine, uki, *firmware.given)
        compare_components(suite, name, machine, uki, *firmware.given)
    changed = bytearray(uki.read_bytes())
    changed[len(changed) // 2] ^= 1
    (folder / "changed.efi").write_bytes(changed)
    other = suite.work / f"{name}-changed.disk"
    suite.run(suite.make_disk, folder / "changed.efi", suite.guest(version) / "root", other)
    refused, found = firmware.refuses(suite, other, suite.work / f"run-{name}-changed")
    suite.check(name, "firmware refuses the image when one byte of it was changed", refused, found)
    check_kept_out(suite, name, disk, uki, known, certificate)


def behind_loader(suite, name, version):
    """systemd-boot, signed by one, starts the kernel image, signed by another."""
    folder = suite.work / name
    key, certificate = make_keys(suite, folder)
    other = issue(suite, folder)
    first = folder / "systemd-boot.efi"
    suite.run(suite.avouch, "build-uki", f"--sign={suite.program(version, 'systemd-bootx64.efi')}", *signed_with(*other[:2]),
              f"--output={first}")
    firmware = Firmware(suite, folder, [der_of(certificate), der_of(other[2])])
    disk, uki = suite.disk(version, name, COMMAND_LINE, *signed_with(key, certificate), loader=first)
    with Machine(suite.tools, disk, suite.work / f"run-{name}", variables=firmware.store) as machine:
        machine.wait_until_up()
        asked = compare_registers(suite, name, machine, uki, f"--before={first}", *firmware.given)
        started = machine.ask("cat /sys/firmware/efi/efivars/LoaderInfo-* | tail -c +5 | tr -d '\\0'")
    suite.check(name, f"it was started by systemd-boot {version}", started.stdout.startswith(f"systemd-boot {version}"),
                f"{started.stdout}{started.stderr}")
    line = asked.files["line"].decode().strip()
    suite.check(name, "with the command line of the image", line == COMMAND_LINE, line)
