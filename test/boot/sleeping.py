# SPDX-License-Identifier: LGPL-2.1-or-later
"""A machine that is suspended, and then starts all but its kernel anew; and one that hibernates: what that is to a judge."""
import re
import subprocess

from machine import Machine

# As far as no firmware is asked to (s2idle); a TPM then keeps its registers.
SUSPEND = """set -e
mkdir -p /run/systemd/sleep.conf.d
printf '[Sleep]\\nMemorySleepMode=s2idle\\n' >/run/systemd/sleep.conf.d/boot-test.conf
systemctl start systemd-suspend.service || { systemctl --no-pager -l status systemd-suspend.service; exit 1; }
"""
# Opened by hand, it writes what it holds in memory to its third disk, and tells firmware where that is. When it is awake, and
# systemd-sleep(8) has run what comes after, its agent says that it is ready: what is sent before is lost.
HIBERNATE = """set -e
avouch glass open --kind=console --reason='the fan is loud'
swapon /dev/disk/by-id/virtio-avouch-volume
cp /proc/sys/kernel/random/boot_id boot
systemd-run --quiet --no-block sh -c 'sleep 2; systemctl start systemd-hibernate.service; systemctl restart avouch-test-agent.service'
"""
AWAKE = """
systemctl show --property=Result --value systemd-hibernate.service >result
cp /proc/sys/kernel/random/boot_id boot
mkdir aside
cp /run/log/avouch/*.resumed.log aside || :
avouch glass history >history || :
"""
# The firmware's log is that of the boot which went to sleep. The stub of 262 hands each boot a secret, in an initrd of PCR 9,
# which IMA's boot_aggregate is over.
AWAKE_PCRS = {"257": "sha256:0-15", "262": "sha256:0-8,11-15"}


def told(log, records):
    """What a log says, in words."""
    log = [r["content"] for r, _ in records(log)]
    return [" ".join([r["event"]] + [str(r[word]) for word in ("why", "phase", "kind") if word in r]) for r in log]


def slept(suite, name, Evidence, records):
    """Suspended or softly rebooted, it is the same machine: it is on record, and all that was proven is proven still."""
    def check(promise, kept, found=""):
        suite.check(name, promise, kept, found)

    def log_of(evidence):
        return told(evidence.answer.files["measure.log"], records)

    disk, _ = suite.release(name.removeprefix("slept-"))
    with Machine(suite.tools, disk, suite.work / f"run-{name}") as machine:
        machine.wait_until_up()
        enrolled = Evidence(suite, machine, "enrolled")
        policy = enrolled.suggest_policy()
        suspended = machine.ask_while_pressing(SUSPEND)
        asked = Evidence(suite, machine, "suspended")
        machine.start_next("soft-reboot")
        again = Evidence(suite, machine, "soft-reboot")

    check("it is suspended, and wakes", suspended.status == 0, f"{suspended.stdout}{suspended.stderr}")
    check("which is on record", log_of(asked) == log_of(enrolled) + ["phase.enter suspend", "phase.enter awake"], log_of(asked))
    trusted, claims = asked.judge(policy)
    check("and it is trusted as before", trusted, claims)
    check("a soft reboot is on record, in the same segment", log_of(again) == log_of(asked) + ["phase.enter soft-reboot"], log_of(again))
    trusted, claims = again.judge(policy)
    check("and it is trusted still", trusted, claims)
    check("the judge tells how often user space began", "started anew 1 time" in claims["phase"], claims["phase"])


def make_swap(path):
    with open(path, "wb") as file:
        file.truncate(1536 * 1024 * 1024)
    subprocess.run(["mkswap", "--quiet", path], check=True)
    return path


def hibernated(suite, name, Evidence, records):
    """One that wakes from its disk runs what lay there: its log begins anew, with an opening, and of what was started
    nothing is proven any more."""
    def check(promise, kept, found=""):
        suite.check(name, promise, kept, found)

    version = name.removeprefix("hibernated-")
    disk, _ = suite.release(version)
    volume = make_swap(suite.work / f"{name}.volume")
    with Machine(suite.tools, disk, suite.work / f"run-{name}", volume=volume) as machine:
        machine.wait_until_up()
        policy = Evidence(suite, machine, "enrolled").suggest_policy()
        before = machine.ask(HIBERNATE)
        machine.wait_until_off()
    with Machine(suite.tools, disk, suite.work / f"run-{name}-awake", volume=volume, before=machine) as machine:
        machine.wait_until_up()
        asked = Evidence(suite, machine, "awake", before=AWAKE, pcrs=AWAKE_PCRS[version])

    check("it hibernates, and wakes from its disk", before.status == 0 and asked.text("result") == "success\n"
          and asked.text("boot") == before.files["boot"].decode(), f"{before.stderr}{asked.answer.files}")
    aside = [told(data, records) for file, data in asked.answer.files.items() if file.startswith("aside/")]
    check("its log until then is put aside", aside == [["phase.genesis boot", "glass.begin", "glass.open console", "phase.enter hibernate"]], aside)
    log = asked.answer.files["measure.log"]
    check("and another begins, with an opening",
          told(log, records) == ["phase.genesis resume", "glass.open hibernate", "phase.enter awake"], told(log, records))
    start = next(records(log))[0]["content"]["start"]
    check("at registers that are empty, since the initrd that woke it recorded nothing", set("".join(start.values())) == {"0"}, start)
    trusted, claims = asked.judge(policy)
    check("all that is quoted is explained", claims.are("proven", "registers", "firmware"), claims)
    check("and what was started is not: it is not trusted", not trusted and claims.are("not-proven", "kernel", "layers")
          and "resuming from hibernation" in claims["kernel"], claims)
    check("nor is it untouched, of which both openings are told", claims.are("not-proven", "untouched")
          and re.search("opened 1 time, first as hibernate.*opened 1 time before .* first as console", claims["untouched"]), claims)
    allowed = policy.with_suffix(".allowed")
    allowed.write_text(f"{policy.read_text()}\n[Glass]\nAllow=console hibernate\n")
    _, claims = asked.judge(allowed)
    check("but under a policy that allows for what opened it, before that, too", claims.are("excused", "untouched"), claims)
    check("the history tells of both, each with its receipt",
          asked.text("history").splitlines()[-1].startswith("2 openings, 0 gaps, 0 receipts"), asked.text("history"))
    print(f"       {name}: awake after {machine.times['up']:.0f} s", flush=True)
