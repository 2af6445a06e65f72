# SPDX-License-Identifier: LGPL-2.1-or-later
"""A volume on a disk of its own, unlocked by TPM, while the machine boots, too, by recovery key and by passphrase: what each
is to a judge."""
import re
import subprocess

from machine import Machine

UUID = "5c7a5e1c-6d0d-4a0b-8f43-0a1b2c3d4e5f"  # guest/unlock/etc/avouch/unlock.conf
PASSPHRASE = "the fan is loud"

# by systemd's own tool; what it finds of signed policies would not do for this machine
ENROLL = f"""set -e
device=/dev/disk/by-uuid/{UUID}
enroll() {{ systemd-cryptenroll --unlock-key-file=/run/passphrase "$@" "$device"; }}
printf %s '{PASSPHRASE}' >/run/passphrase
enroll --recovery-key >recovery
enroll --tpm2-device=auto --tpm2-pcrlock= --tpm2-public-key= --tpm2-pcrs=7
rm /run/passphrase
systemctl show -p BindsTo,After,Conflicts avouch-unlock@data.service >bound
systemctl is-failed avouch-unlock@boot.service >boot
"""
# Without a register nothing is opened; with it, by the unit.
BY_TPM = """
! avouch unlock --tpm=device:/dev/null data >refused 2>&1 || echo "opened without a register" >&2
[ ! -e /dev/mapper/data ] || echo "it is there all the same" >&2
systemctl start avouch-unlock@data.service || { systemctl status --no-pager -l avouch-unlock@data.service; exit 1; }
[ -b /dev/mapper/data ]
echo kept | dd of=/dev/mapper/data conv=fsync status=none
systemctl stop avouch-unlock@data.service
[ ! -e /dev/mapper/data ]
"""
# What a boot finds that was unlocked in it, before anything else was.
AT_BOOT = """
systemctl is-active avouch-unlock@boot.service >boot || {
        systemctl status --no-pager -l avouch-unlock@boot.service
        exit 1
}
[ "$(head -c 5 /dev/mapper/boot)" = kept ]
for unit in avouch-genesis.service avouch-unlock@boot.service cryptsetup.target sysinit.target; do
        systemctl show --value -p ActiveEnterTimestampMonotonic $unit
done >order
"""
CLOSE = """
systemctl stop avouch-unlock@boot.service
[ ! -e /dev/mapper/boot ]
"""
# Answers as an agent of systemd does.
ANSWER = """
reply() {{
        until socket=$(sed -n '/^Socket=/{{s///p;q}}' /run/systemd/ask-password/ask.* 2>/dev/null); [ -n "$socket" ]; do
                [ ! -e asked ] || return 1
                sleep 0.2
        done
        printf %s "$1" | /usr/lib/systemd/systemd-reply-password 1 "$socket"
        while [ -e "$socket" ]; do sleep 0.2; done
}}
rm -f asked
(systemctl start avouch-unlock@again.service; echo $? >asked) &
for word in {words}; do reply "$word" || break; done
wait
[ "$(cat asked)" = 0 ] || {{ systemctl status --no-pager -l avouch-unlock@again.service; exit 1; }}
[ "$(head -c 5 /dev/mapper/again)" = kept ]
systemctl stop avouch-unlock@again.service
"""


def make_volume(path):
    """LUKS2 with one passphrase, cheap to try on an emulated machine."""
    with open(path, "wb") as file:
        file.truncate(32 * 1024 * 1024)
    subprocess.run(["cryptsetup", "luksFormat", "-q", "--type", "luks2", "--pbkdf", "pbkdf2",
                    "--pbkdf-force-iterations", "1000", "--uuid", UUID, path, "-"],
                   input=PASSPHRASE.encode(), check=True)
    return path


def told(evidence, records):
    """What the log has of unlocks: event, method, whether a person did it, key slot known, tries."""
    content = [record["content"] for record, _ in records(evidence.answer.files["measure.log"])]
    return [(c["event"], c["method"], c["human"], "keyslot" in c, c["tries"]) for c in content
            if c["event"].startswith("unlock.")]


def boot_twice(suite, name, new_evidence):
    """What was enrolled; then the volume unlocked by the TPM, by the TPM in the next boot, by recovery key, by passphrase."""
    disk, _ = suite.release(name)
    volume = make_volume(suite.work / f"{name}.volume")
    with Machine(suite.tools, disk, suite.work / f"run-{name}", volume=volume) as machine:
        machine.wait_until_up()
        enrolled = new_evidence(suite, machine, "enrolled", before=ENROLL)
        recovery = re.search("[cbdefghijklnrtuv-]{71}", enrolled.text("recovery"))[0]
        by_tpm = new_evidence(suite, machine, "tpm", before=BY_TPM)
        machine.switch_off()
    with Machine(suite.tools, disk, suite.work / f"run-{name}-again", volume=volume, before=machine) as again:
        again.wait_until_up()
        at_boot = new_evidence(suite, again, "boot", before=AT_BOOT)
        by_recovery = new_evidence(suite, again, "recovery", before=CLOSE + ANSWER.format(words=f"wrong '{recovery}'"))
        by_passphrase = new_evidence(suite, again, "passphrase", before=ANSWER.format(words=f"'{PASSPHRASE}'"))
    print(f"       {name}: up after {machine.times['up']:.0f} s, and {again.times['up']:.0f} s", flush=True)
    return enrolled, by_tpm, at_boot, by_recovery, by_passphrase


def unlocked(suite, version, new_evidence, records):
    """Three ways to unlock, three verdicts under a policy that allows the TPM alone."""
    name = f"unlock-{version}"

    def check(promise, kept, found=""):
        suite.check(name, promise, kept, found)

    def policy_of(enrolled, methods):
        policy = suite.work / f"{name}-{methods.replace(' ', '-')}.policy"
        policy.write_text(f"{enrolled.suggest_policy().read_text()}\n[Unlock]\nAllow=\nAllow={methods}\n"
                          "[Verdict]\nRequire=unlock\n")
        return policy

    enrolled, by_tpm, at_boot, by_recovery, by_passphrase = boot_twice(suite, name, new_evidence)
    check("the generator binds the unit to its device",
          f"by\\x2duuid-{UUID[:8]}" in enrolled.text("bound").replace(r"\\", "\\"), enrolled.text("bound"))
    check("without a register nothing is opened",
          b"stays locked" in by_tpm.answer.files["refused"] and by_tpm.answer.stderr == "",
          f"{by_tpm.answer.files['refused']}{by_tpm.answer.stderr}")
    check("nor where no key opens it and nobody may be asked",
          enrolled.text("boot") == "failed\n" and told(enrolled, records) == [], f"{enrolled.text('boot')}{told(enrolled, records)}")
    opened = [("unlock.open", "tpm2", 0, True, 1)]
    check("what the TPM unlocked is recorded so", told(by_tpm, records) == opened, told(by_tpm, records))
    check("in the next boot, too, which unlocks it by itself", told(at_boot, records) == opened, told(at_boot, records))
    order = [int(at) for at in at_boot.text("order").split()]
    check("after genesis, and whoever needs volumes waits for it", len(order) == 4 and order == sorted(order) and order[0] > 0, order)
    opened += [("unlock.fail", "passphrase", 1, False, 1), ("unlock.open", "recovery", 1, True, 2)]
    check("a wrong word and a recovery key, too", told(by_recovery, records) == opened, told(by_recovery, records))
    opened += [("unlock.open", "passphrase", 1, True, 1)]
    check("and a passphrase", told(by_passphrase, records) == opened, told(by_passphrase, records))

    def judged(promise, evidence, policy, state, word):
        trusted, claims = evidence.judge(policy)
        check(promise, claims["unlock"].startswith(f"{state}: ") and word in claims["unlock"]
              and (trusted or state != "proven" or policy != tpm_alone), claims)

    refused = ", which policy does not allow"
    tpm_alone, both = policy_of(enrolled, "tpm2"), policy_of(enrolled, "tpm2 recovery")
    judged("by the TPM: trusted, under a policy that allows it alone", by_tpm, tpm_alone, "proven", " by tpm2")
    judged("by the TPM while it boots: as trusted", at_boot, tpm_alone, "proven", " by tpm2")
    judged("by the recovery key: refused, by that name", by_recovery, tpm_alone, "not-proven", f" by recovery{refused}")
    judged("by the passphrase: refused", by_passphrase, tpm_alone, "not-proven", refused)
    judged("where a policy allows recovery keys: proven", by_recovery, both, "proven", "each as policy allows")
    judged("and the passphrase refused, by that name", by_passphrase, both, "not-proven", f" by passphrase{refused}")
