# SPDX-License-Identifier: LGPL-2.1-or-later
"""Extensions that "avouch activate" uses or refuses on a running machine: their images, what the machine
does with them, and what must come of it."""
import json
import pathlib

FOLDER = "/usr/share/avouch-test"

# What each script looks at stands in files of its own.
USE = """
mountpoint -q /tmp || mount -t tmpfs tmpfs /tmp
mkdir -p /run/avouch /run/extensions /run/confexts /var/lib/extensions/versioned.raw.v
printf '[Layers]\\nRequire=signature content\\nCertificate={folder}/image.crt\\n' >/run/avouch/avouch.conf
cp {folder}/{{unsigned,stranger,changed}}.raw /var/lib/extensions
cp {folder}/greeting.raw /run/extensions
cp {folder}/versioned.raw /var/lib/extensions/versioned.raw.v/versioned_2.raw
cp {folder}/evil.raw /var/lib/extensions/versioned.raw.v/versioned_1.raw
[ {version} = 252 ] || cp {folder}/motto.confext.raw /run/confexts
avouch activate --check --json >checked
avouch activate --json >activated
echo $? >status
ls /dev/mapper >mapper
findmnt --noheadings --list --output TARGET,FSTYPE,OPTIONS >mounts
avouch activate --json >again

systemd-sysext merge || echo "no merge" >&2
[ {version} = 252 ] || systemd-confext merge || echo "no merge" >&2
cat /usr/share/greeting/words >words
cat /usr/share/swap/words >versioned
cat /etc/avouch-test/motto >motto
ls /usr/share >merged
avouch deactivate greeting >busy 2>&1
echo $? >busy-status
"""

# By a shell of its own: one that was started from a merged /usr keeps what it lies on.
UNMERGE = """
systemd-sysext unmerge
[ {version} = 252 ] || systemd-confext unmerge
"""

# What is taken off goes away with the last who looks at it, which the kernel sees to a moment later.
GONE = """
gone() {{
        for i in {{1..100}}; do [ "$(ls /dev/mapper)" != control ] || break; sleep 0.1; done
        ls /dev/mapper
}}
"""

TAKE_OFF = """
# what stands in the file from now on is not used: the kernel says so to who reads it (not while it is merged: all of
# /usr could not be read then)
dd if={folder}/evil.raw of=/var/lib/extensions/versioned.raw.v/versioned_2.raw conv=notrunc status=none
sync
echo 3 >/proc/sys/vm/drop_caches
cat /run/extensions/versioned/usr/share/swap/words >overwritten
avouch deactivate --json >deactivated || echo "no deactivation" >&2
gone >mapper
cat /sys/block/loop*/loop/backing_file >backing 2>/dev/null
ls -l /run/extensions/ /var/lib/extensions >left

# swapped between two steps of the program
rm -rf /var/lib/extensions/* /run/extensions/* /run/confexts/*
for when in device mount; do
        cp {folder}/swap.raw /var/lib/extensions/swap.raw
        cp {folder}/evil.raw /var/lib/extensions/.evil
        SWAP_WHEN=$when SWAP_BY=/var/lib/extensions/.evil SWAP_AT=/var/lib/extensions/swap.raw LD_PRELOAD={folder}/swap.so \\
                avouch activate --json >swapped-$when
        cmp {folder}/evil.raw /var/lib/extensions/swap.raw || rm -f swapped-$when
        cat /run/extensions/swap/usr/share/swap/words >swapped-$when-words
        avouch deactivate >/dev/null
done
"""

START_UNIT = """
begin() {{
        systemctl start systemd-sysext.service 2>>$1-why
        systemctl is-active avouch-activate.service systemd-sysext.service >$1-units
        cat /usr/share/*/words >$1-words 2>/dev/null
        ls /usr/share >$1-merged
}}
end() {{
        systemctl stop systemd-sysext.service avouch-activate.service
        systemctl reset-failed
        gone >$1-mapper
}}
rm -rf /var/lib/extensions/* /run/extensions/* /run/confexts/*
cp {folder}/unsigned.raw /var/lib/extensions/unsigned.raw
begin unsigned
end unsigned
cp {folder}/swap.raw /var/lib/extensions/swap.raw
begin mixed
end mixed
echo 'Require=everything' >>/run/avouch/avouch.conf
begin broken
end broken
journalctl --no-pager --unit=avouch-activate.service --unit=systemd-sysext.service >journal
cp /run/log/avouch/measure.log .
"""


def build(suite, folder, name, words, *signing):
    """A system extension with one file in it; with a leaf where it is signed by us."""
    tree = folder / f"tree-{name}" / "usr/share" / words[0]
    tree.mkdir(parents=True)
    (tree / "words").write_text(words[1])
    # so much that some of it can be changed, and not be seen by who looks at the beginning alone
    (tree / "ballast").write_bytes(bytes(range(256)) * 512)
    image = folder / "files/usr/share/avouch-test" / f"{name}.raw"
    leaf = f"--leaf={suite.work}/releases/{name}.leaf" if name in ("swap", "versioned") else "--leaf=no"
    suite.run(suite.avouch, "build-image", "--type=sysext", f"--source={folder}/tree-{name}", f"--name={name}",
              "--version=1", f"--output={image}", leaf, *signing)
    return image


def make_images(suite, folder):
    """What is there besides greeting and motto: good, unsigned, another key's, and changed after it was signed."""
    files = folder / "files/usr/share/avouch-test"
    suite.run("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "30", "-subj", "/CN=stranger",
              "-keyout", folder / "stranger.key", "-out", folder / "stranger.crt")
    ours = (f"--private-key={folder}/key", f"--certificate={files}/image.crt")
    theirs = (f"--private-key={folder}/stranger.key", f"--certificate={folder}/stranger.crt")
    suite.run("gcc", "-O2", "-fPIC", "-shared", "-o", files / "swap.so", pathlib.Path(__file__).with_name("swap.c"))
    suite.run("gcc", "-O2", "-static", "-o", files / "load", pathlib.Path(__file__).with_name("load.c"))
    build(suite, folder, "swap", ("swap", "good\n"), *ours)
    build(suite, folder, "versioned", ("swap", "good\n"), *ours)
    build(suite, folder, "evil", ("swap", "evil\n"), *theirs)
    suite.run("sfdisk", "--quiet", "--delete", build(suite, folder, "unsigned", ("unsigned", "hello\n"), *ours), "3")
    build(suite, folder, "stranger", ("stranger", "hello\n"), *theirs)
    changed = build(suite, folder, "changed", ("changed", "hello\n"), *ours)
    data = bytearray(changed.read_bytes())
    data[data.index(bytes(range(256)) * 64) + 5000] ^= 1
    changed.write_bytes(data)


def use(machine, version):
    return machine.ask(USE.format(version=version, folder=FOLDER))


def take_off(machine, version):
    machine.ask(UNMERGE.format(version=version))
    return machine.ask((GONE + TAKE_OFF).format(version=version, folder=FOLDER))


def start_unit(machine, version):
    return machine.ask((GONE + START_UNIT).format(version=version, folder=FOLDER))


def states(answer, name):
    """By class and name: the state, and the reason."""
    return {f"{x['class']} {x['name']}": (x["state"], x.get("reason", ""))
            for x in json.loads(answer.files[name])["extensions"]}


def check_used(check, version, hashes, used):
    """What was used, and what was refused."""
    text = {name: data.decode(errors="replace") for name, data in used.files.items()}
    found = states(used, "activated")
    wanted = {"sysext greeting", "sysext versioned"} | (set() if version == "252" else {"confext motto"})
    active = {name for name, (state, _) in found.items() if state == "active"}
    check("avouch activate uses what is ours, with the newer of two versions", active == wanted, f"{found} {used.stderr}")
    check("and refuses the others: exit status 1", text["status"] == "1\n", text["status"])
    for name, word in (("unsigned", "it is not signed"), ("stranger", "it is signed by \"CN=stranger\", who is not to be believed"),
                       ("changed", "the image was damaged or changed")):
        state, reason = found.get(f"sysext {name}", ("", ""))
        check(f"the right words for the extension '{name}'", state == "refused" and word in reason, (state, reason))
    fit = {name for name, (state, _) in states(used, "checked").items() if state == "fits"}
    check("--check told so before", fit == wanted, text["checked"])
    check("each through dm-verity, by its root hash", f"avouch-{hashes['greeting']}" in text["mapper"], text["mapper"])
    check("mounted read-only where systemd looks for it",
          any(line.split()[:2] == ["/run/extensions/greeting", "erofs"] and line.split()[2].startswith("ro")
              for line in text["mounts"].splitlines()), text["mounts"])
    check("and a configuration so that nothing in it runs", version == "252"
          or any(line.split()[0] == "/run/confexts/motto" and {"ro", "nosuid", "nodev", "noexec"} <= set(line.split()[2].split(","))
                 for line in text["mounts"].splitlines()), text["mounts"])
    check("what is active stays, when asked again", set(states(used, "again")) == wanted, text["again"])
    check("merged by systemd", text["words"] == "hello\n" and text["versioned"] == "good\n"
          and (version == "252" or text["motto"] == "vouch for it\n"), used.stderr)
    check("and nothing that was refused", not {"unsigned", "stranger", "changed"} & set(text["merged"].split()), text["merged"])
    check("what is merged is not taken off", text["busy-status"] == "3\n" and "run \"systemd-sysext unmerge\" before" in text["busy"],
          text["busy"])


def check_taken_off(check, version, after):
    text = {name: data.decode(errors="replace") for name, data in after.files.items()}
    check("what was written into the file since is not used", text["overwritten"] in ("good\n", ""), text["overwritten"])
    gone = states(after, "deactivated")
    check("avouch deactivate takes all off again", len(gone) == (2 if version == "252" else 3) and text["mapper"] == "control\n",
          f"{gone} {text['mapper']} {after.stderr}")
    check("no loop device is left, and nothing hidden", "extensions" not in text["backing"] and "crw" not in text["left"],
          f"{text['backing']} {text['left']}")
    for when in ("device", "mount"):
        check(f"swapped before the {when} is made: what was checked is what is used",
              f"swapped-{when}" in text and states(after, f"swapped-{when}") == {"sysext swap": ("active", "")}
              and text[f"swapped-{when}-words"] == "good\n", f"{text} {after.stderr}")


def check_unit(check, version, unit):
    """As it runs at boot: before systemd's own, which does nothing where it fails."""
    text = {name: data.decode(errors="replace") for name, data in unit.files.items()}
    shown = {name: data for name, data in text.items() if name.startswith(("unsigned", "mixed", "broken", "journal"))}
    check("as a unit, what is unsigned is not merged, and is no failure of the unit",
          text["unsigned-units"].startswith("active\n") and text["unsigned-words"] == "", shown)
    check("as a unit, what is ours is merged beside it", text["mixed-units"] == "active\nactive\n"
          and text["mixed-words"] == "good\n", shown)
    check("and it leaves nothing when it stops", text["mixed-mapper"] == "control\n", text["mixed-mapper"])
    check("where the unit fails, systemd merges nothing", text["broken-units"] == "failed\ninactive\n"
          and text["broken-words"] == "", shown)


def check_log(check, log):
    """Each was recorded, in order, with its signer; each refusal with its reason."""
    activated = [c for c in log if c["event"] == "layer.activate" and "order" in c]
    refused = {c["name"]: c["reason"] for c in log if c["event"] == "layer.refuse"}
    check("the log has each activation with its signer and its place",
          len(activated) >= 3 and all("signer" in c for c in activated) and activated[0]["order"] < activated[1]["order"], activated)
    check("and each refusal with its reason", {"unsigned", "stranger", "changed"} <= set(refused), refused)
    check("and that they were taken off", sum(c["event"] == "layer.deactivate" for c in log) >= 2, log)
