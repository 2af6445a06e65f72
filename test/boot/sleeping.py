# SPDX-License-Identifier: LGPL-2.1-or-later
"""A machine that is suspended, and then starts all but its kernel anew: what that is to a judge."""
from machine import Machine

# As far as no firmware is asked to (s2idle); a TPM then keeps its registers.
SUSPEND = """set -e
mkdir -p /run/systemd/sleep.conf.d
printf '[Sleep]\\nMemorySleepMode=s2idle\\n' >/run/systemd/sleep.conf.d/boot-test.conf
systemctl start systemd-suspend.service || { systemctl --no-pager -l status systemd-suspend.service; exit 1; }
"""


def slept(suite, name, Evidence, records):
    """Suspended or softly rebooted, it is the same machine: it is on record, and all that was proven is proven still."""
    def check(promise, kept, found=""):
        suite.check(name, promise, kept, found)

    def told(evidence):
        """What the log says, in words."""
        log = [r["content"] for r, _ in records(evidence.answer.files["measure.log"])]
        return [" ".join([r["event"]] + [str(r[word]) for word in ("why", "phase") if word in r]) for r in log]

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
    check("which is on record", told(asked) == told(enrolled) + ["phase.enter suspend", "phase.enter awake"], told(asked))
    trusted, claims = asked.judge(policy)
    check("and it is trusted as before", trusted, claims)
    check("a soft reboot is on record, in the same segment", told(again) == told(asked) + ["phase.enter soft-reboot"], told(again))
    trusted, claims = again.judge(policy)
    check("and it is trusted still", trusted, claims)
    check("the judge tells how often user space began", "started anew 1 time" in claims["phase"], claims["phase"])
