# SPDX-License-Identifier: LGPL-2.1-or-later
"""A container on a machine: who goes into it, who comes to the machine by the same door, and which log tells of whom."""
import re

from machine import Failed, Machine

# What the first opening would do, and PAM has no time for: the counter and the key.
SETUP = """set -e
echo 'not for everybody' | avouch seal --private-key=/usr/share/avouch-test/approver.pem --output=/run/secret.sealed
"""
# A shell of the machine's own by machined, and one by run0, whose service Debian has no file for.
SHELLS = """machinectl shell --quiet --setenv=AVOUCH_REASON='by another door' .host /bin/true
command -v run0 >/dev/null || exit 0
{ cat /etc/pam.d/other; echo 'session required pam_avouch.so timeout=60'; } >/run/other
mount --bind /run/other /etc/pam.d/other
run0 --setenv=AVOUCH_REASON='as somebody else' true
umount /etc/pam.d/other
"""
# The machine's own root file system once more, by another path: nspawn leaves "/" alone. What waits for the machine's disks
# and ports is left out.
START = """mkdir /run/contained
mount --bind / /run/contained
systemd-run --quiet --unit=contained.service --property=Type=notify --property=Delegate=yes --slice=machine.slice \\
        systemd-nspawn --quiet --keep-unit --boot --notify-ready=yes --machine=contained --directory=/run/contained --volatile=state \\
        --link-journal=no --resolv-conf=off --timezone=off --console=read-only \\
        systemd.mask=avouch-test-agent.service systemd.mask=var-lib-avouch.mount systemd.mask=var-log-avouch.mount || {
        journalctl --boot --no-pager --unit=contained.service
        exit 1
}
"""
INSIDE = """inside() { systemd-run --machine=contained --quiet --wait --pipe "$@"; }
inside sh -c 'ls /sys/class/tpmrm; ls /dev/tpmrm0 2>/dev/null' >tpm
systemctl --machine=contained is-active avouch-genesis.service avouch-flush.service avouch.target >active
systemctl --machine=contained list-units --plain --no-legend --failed 'avouch-[!t]*' >failed
inside journalctl --boot --output=cat --unit=avouch-genesis.service >said
systemctl --machine=contained start avouch-glass@rescue.service
systemctl --machine=contained show --property=Result --value avouch-glass@rescue.service >result
machinectl shell --quiet --setenv=AVOUCH_REASON='the queue is full' contained /bin/true
"""
INSIDE_LOG = """systemd-run --machine=contained --quiet --wait --pipe cat /run/log/avouch/measure.log >inside.log"""


def go_in(machine):
    """From the machine's console to a login in the container, as somebody does who works there."""
    machine.ask("systemctl start serial-getty@ttyS0.service")
    for waits_for, types in (("login:", "root"), ("Why is this machine opened?", "to see to the mail"), ("# ", "machinectl login contained"),
                             ("login:", "root"), ("Why is this machine opened?", "the mail is stuck")):
        machine.wait_for_console(waits_for)
        machine.type(types)
    machine.wait_for_console("That cannot be undone, nor by a reboot.")
    machine.wait_for_console("# ")


def contained(suite, name, Evidence, records):
    """What opens the machine is in its account, by whichever door; what opens a container is in the container's."""
    def check(promise, kept, found=""):
        suite.check(name, promise, kept, found)

    def openings(log):
        return [r["content"] for r, _ in records(log) if r["content"]["event"] == "glass.open"]

    def words(log):
        return [" ".join(map(str, (o["kind"], o.get("service"), o.get("reason")))) for o in openings(log)]

    version = name.removeprefix("contained-")
    disk, _ = suite.release(name)
    with Machine(suite.tools, disk, suite.work / f"run-{name}") as machine:
        machine.wait_until_up()
        machine.ask(SETUP)
        policy = Evidence(suite, machine, "enrolled").suggest_policy()
        started = machine.ask(START)
        if started.status != 0:
            raise Failed(f"no container: {started.stdout}{started.stderr}")
        clean = Evidence(suite, machine, "started")
        inside = machine.ask(INSIDE)
        entered = Evidence(suite, machine, "entered")
        shells = machine.ask(SHELLS)
        go_in(machine)
        inside.files |= machine.ask(INSIDE_LOG).files
        opened = Evidence(suite, machine, "opened", before="avouch glass open --kind=nspawn --reason='the mail is stuck'")

    trusted, claims = clean.judge(policy)
    check("a container of the machine's own image that starts is no opening of the machine", trusted and claims.are("proven", "untouched"), claims)
    check("the machine's TPM is seen in it, and is not there", inside.files["tpm"] == b"tpmrm0\n", inside.files["tpm"])
    check("our units run in it", inside.files["active"] == b"active\n" * 3 and inside.files["failed"] == b"",
          f"{inside.files['active']} {inside.files['failed']}")
    check("it says once that it has no TPM", inside.files["said"].count(b"this machine has no TPM") == 1, inside.files["said"])
    log = [r for r, _ in records(inside.files["inside.log"])]
    check("its log is one of its own, in no register", log[0]["content"]["register"] == "none" and not any("pcr" in r for r in log), log[0])
    check("who goes into it is in that log: a shell that asks no PAM, machinectl shell, machinectl login",
          inside.files["result"] == b"success\n"
          and words(inside.files["inside.log"]) == ["rescue None None", "login login the queue is full", "login login the mail is stuck"],
          f"{words(inside.files['inside.log'])} {inside.stdout}{inside.stderr}")
    check("uncounted", not any("count" in o for o in openings(inside.files["inside.log"])), openings(inside.files["inside.log"]))
    trusted, claims = entered.judge(policy)
    check("and not in the machine's, which is whole", trusted and claims.are("proven", "registers", "untouched"), claims)
    wanted = ["login login by another door"] + (["sudo systemd-run0 as somebody else"] if version != "252" else []) + [
        "login login to see to the mail", "nspawn None the mail is stuck"]
    check("who comes to the machine is: machinectl shell .host, run0, the console, and who says so",
          words(opened.answer.files["measure.log"]) == wanted, f"{words(opened.answer.files['measure.log'])} {shells.stdout}{shells.stderr}")
    if version != "252":
        check("and that run0's session has ended", [r["content"].get("service") for r, _ in records(opened.answer.files["measure.log"])
              if r["content"]["event"] == "glass.close"].count("systemd-run0") == 1, shells.stderr)
    by_machined = openings(opened.answer.files["measure.log"])[0]
    check("with the terminal that machined gave, counted",
          re.fullmatch("/dev/pts/[0-9]+", by_machined.get("tty", "")) and "count" in by_machined, by_machined)
    trusted, claims = opened.judge(policy)
    check("which shows, in a log that is whole", not trusted and claims.are("proven", "registers") and claims.are("not-proven", "untouched"), claims)
    print(f"       {name}: up after {machine.times['up']:.0f} s", flush=True)
