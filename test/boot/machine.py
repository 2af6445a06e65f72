# SPDX-License-Identifier: LGPL-2.1-or-later
"""A machine in QEMU, with firmware and a TPM of its own, that does what the host asks for.

The programs come from a tree of a newer Debian and run by that tree's own loader; nothing is mounted
and no root is changed. /dev/kvm is never looked at: where the suite runs it may be there and not work."""
import io
import pathlib
import shutil
import socket
import subprocess
import tarfile
import tempfile
import threading
import time

LIBRARIES = "usr/lib/x86_64-linux-gnu"
# what ends a boot long before its time is up
HOPELESS = ("No bootable option", "Access Denied", "emergency mode", "Kernel panic", "Oops", "rescue mode")
PHASES = "enter-initrd:leave-initrd:sysinit:ready"
COMMAND_LINE = ("console=ttyS0 root=PARTLABEL=avouch-root rootfstype=erofs ro quiet TERM=dumb systemd.volatile=state "
                "systemd.getty_auto=no systemd.gpt_auto=no systemd.show_status=error "
                # an emulated machine on a busy host is no broken one
                "systemd.default_timeout_start_sec=600 systemd.default_device_timeout_sec=600 no_timer_check")


class Failed(Exception):
    """The machine did not do what was asked; says what, and where to look."""


class Answer:
    """What a script left in the guest: its exit status, what it printed, and the files of its folder."""

    def __init__(self, data):
        with tarfile.open(fileobj=io.BytesIO(data)) as tar:
            self.files = {m.name: tar.extractfile(m).read() for m in tar if m.isfile()}
        self.status = int(self.files.pop("status"))
        self.stdout = self.files.pop("stdout").decode()
        self.stderr = self.files.pop("stderr").decode()
        self.files = {name.removeprefix("out/"): data for name, data in self.files.items()}


class Machine:
    """tools: the tree with QEMU; disk: what it boots from, never written to unless it is the machine's own (is_own); folder: what it leaves; line: words that
    SMBIOS adds to the kernel's command line; variables: what firmware remembers, and Secure Boot is on; before: the
    machine that this one was until it was switched off: it has its TPM, what its firmware remembers, and what it kept on
    its second disk; volume: a third disk, which is written to."""

    def __init__(self, tools, disk, folder, seconds=1800, line=None, variables=None, before=None, has_tpm=True,
                 volume=None, is_own=False):
        self.tools, self.disk, self.folder = pathlib.Path(tools), disk, pathlib.Path(folder)
        self.seconds, self.line, self.secure, self.has_tpm = seconds, line, variables, has_tpm
        self.volume, self.snapshot = volume, "off" if is_own else "on"
        self.children, self.times, self.hopeless = [], {}, None
        self.console, self.seen, self.up = "", 0, False
        self.folder.mkdir(parents=True)
        self.kept = before.kept if before else self.folder / "kept"
        self.state = before.state if before else self.folder / "tpm"
        self.variables = before.variables if before else self.folder / "variables.fd"
        self.sockets = pathlib.Path(tempfile.mkdtemp(prefix="avouch-boot-"))  # their paths must be short

    def __enter__(self):
        try:
            self.begin = time.monotonic()
            if self.has_tpm:
                self._start_tpm()
            self._start_qemu()
            return self
        except BaseException:
            self.__exit__()
            raise

    def __exit__(self, *_):
        for child in reversed(self.children):
            child.kill()
            child.wait()
        self.children = []
        shutil.rmtree(self.sockets, ignore_errors=True)

    def _command(self, program, *arguments):
        """A program of the tools tree, run by that tree's loader with that tree's libraries."""
        libraries = f"{self.tools / LIBRARIES}:{self.tools / LIBRARIES / 'swtpm'}"
        return [self.tools / "lib64/ld-linux-x86-64.so.2", "--library-path", libraries,
                self.tools / "usr/bin" / program, *arguments]

    def _start_tpm(self):
        is_new = not self.state.exists()
        self.state.mkdir(exist_ok=True)
        with open(self.folder / "swtpm.log", "wb") as log:
            if is_new:
                subprocess.run(self._command("swtpm_setup", "--tpm2", "--tpmstate", self.state, "--overwrite",
                                             "--config", "/dev/null", "--pcr-banks", "sha256,sha384",
                                             "--tpm", " ".join(map(str, self._command("swtpm", "socket")))),
                               stdout=log, stderr=log, check=True)
            self.children.append(subprocess.Popen(
                self._command("swtpm", "socket", "--tpm2", "--tpmstate", f"dir={self.state}", "--terminate",
                              "--ctrl", f"type=unixio,path={self.sockets / 'tpm'}",
                              "--log", f"file={self.folder / 'commands.log'},level=20"),
                stdout=log, stderr=log))
        self._wait_for(lambda: (self.sockets / "tpm").exists(), 10, "the software TPM did not start")

    def _firmware(self):
        """Secure Boot is in a build of its own, which keeps its variables by means of SMM."""
        if not self.variables.exists():
            shutil.copy(self.secure or self.tools / "usr/share/OVMF/OVMF_VARS_4M.fd", self.variables)
        build = "OVMF_CODE_4M.secboot.fd" if self.secure else "OVMF_CODE_4M.fd"
        return (["-machine", f"q35,smm={'on' if self.secure else 'off'},vmport=off",
                 "-drive", f"if=pflash,format=raw,unit=0,readonly=on,file={self.tools}/usr/share/OVMF/{build}",
                 "-drive", f"if=pflash,format=raw,unit=1,file={self.variables}"] +
                (["-global", "driver=cfi.pflash01,property=secure,value=on"] if self.secure else []))

    def _start_qemu(self):
        if not self.kept.exists():
            with open(self.kept, "wb") as disk:
                disk.truncate(16 * 1024 * 1024)
            (self.folder / "empty/log").mkdir(parents=True)
            subprocess.run(["mkfs.ext4", "-q", "-d", self.folder / "empty", self.kept], check=True)
        smbios = ["-smbios", f"type=11,value=io.systemd.stub.kernel-cmdline-extra={self.line}"] if self.line else []
        command = self._command(
            "qemu-system-x86_64", "-L", self.tools / "usr/share/qemu", *self._firmware(), *smbios,
            "-accel", "tcg,thread=multi,tb-size=512", "-cpu", "max", "-smp", "2", "-m", "1024",
            "-nodefaults", "-no-user-config", "-nic", "none", "-display", "none", "-vga", "none", "-no-reboot",
            "-drive", f"if=none,id=disk,file={self.disk},format=raw,snapshot={self.snapshot}",
            "-device", "virtio-blk-pci,drive=disk,bootindex=1",
            "-drive", f"if=none,id=kept,file={self.kept},format=raw",
            "-device", "virtio-blk-pci,drive=kept,serial=avouch-kept",
            *(("-chardev", f"socket,id=tpm,path={self.sockets / 'tpm'}",
               "-tpmdev", "emulator,id=tpm0,chardev=tpm", "-device", "tpm-crb,tpmdev=tpm0") if self.has_tpm else ()),
            "-qmp", f"unix:{self.sockets / 'qmp'},server=on,wait=off",
            "-chardev", f"socket,id=host,path={self.sockets / 'host'},server=on,wait=off",
            "-device", "virtio-serial-pci", "-device", "virtserialport,chardev=host,name=org.avouch.host",
            "-device", "virtio-rng-pci", "-serial", "stdio")
        if self.volume:
            command += ["-drive", f"if=none,id=volume,file={self.volume},format=raw",
                        "-device", "virtio-blk-pci,drive=volume,serial=avouch-volume"]
        with open(self.folder / "qemu.log", "wb") as log:
            qemu = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log)
        self.children.append(qemu)
        self.qemu = qemu
        threading.Thread(target=self._watch_console, args=(qemu.stdout,), daemon=True).start()
        path = self.sockets / "host"
        self._wait_for(path.exists, 30, "QEMU did not start")
        self.port = socket.socket(socket.AF_UNIX)
        self.port.connect(str(path))

    def _watch_console(self, stream):
        """Keeps what the machine says, with the time, and ends what cannot come to anything."""
        rest = ""
        with open(self.folder / "console.log", "w", encoding="utf-8") as log:
            while raw := stream.read1(4096):
                text = raw.decode(errors="replace")
                self.console += text
                *lines, rest = (rest + text).split("\n")
                for line in lines:
                    self._watch_line(line.rstrip(), log)
            log.write(rest)

    def _watch_line(self, line, log):
        at = time.monotonic() - self.begin
        log.write(f"{at:8.2f} {line}\n")
        log.flush()
        for name, word in (("firmware", "BdsDxe: starting"), ("kernel", "Linux version")):
            if word in line:
                self.times.setdefault(name, at)
        if not self.up and any(word in line for word in HOPELESS):
            self.hopeless = line
            self.qemu.kill()

    def wait_for_console(self, words, seconds=300):
        """Until these words stand on the console, behind those that were waited for before."""
        self._wait_for(lambda: self.console.find(words, self.seen) >= 0, seconds, f"the console does not say '{words}'")
        self.seen = self.console.find(words, self.seen) + len(words)

    def type(self, line):
        self.qemu.stdin.write(line.encode() + b"\n")
        self.qemu.stdin.flush()

    def tpm_commands(self):
        """The codes of all commands that the TPM got so far (TPM 2.0 part 2, 6.5.2)."""
        said = (self.folder / "commands.log").read_text(encoding="utf-8", errors="replace")
        return [int(words.split("\n", 2)[1].replace(" ", "")[12:20], 16) for words in said.split("SWTPM_IO_Read: length")[1:]
                if words.count("\n") > 1]

    def switch_off(self, seconds=300):
        """In good order, so that its disk has what it kept. The agent ends before it could answer, or not."""
        self._send("systemctl --no-block poweroff")
        self.wait_until_off(seconds)

    def wait_until_off(self, seconds=300):
        try:
            self.qemu.wait(seconds)
        except subprocess.TimeoutExpired as why:
            raise Failed(f"it does not end; see {self.folder}/console.log") from why

    def _wait_for(self, what, seconds, complaint):
        end = time.monotonic() + seconds
        while not what():
            if time.monotonic() > end:
                raise Failed(f"{complaint}; see {self.folder}")
            time.sleep(0.05)

    def _receive(self, size=None):
        """A line, or as many bytes as asked for."""
        data = b""
        while (not data.endswith(b"\n")) if size is None else len(data) < size:
            left = self.begin + self.seconds - time.monotonic()
            if left <= 0:
                raise Failed(f"nothing within {self.seconds} s; see {self.folder}/console.log")
            self.port.settimeout(left)
            try:
                piece = self.port.recv(1 if size is None else size - len(data))
            except TimeoutError:
                continue
            if not piece:
                raise Failed(f"the machine is gone: {self.hopeless or 'it says nothing'}; see {self.folder}/console.log")
            data += piece
        return data

    def wait_until_up(self):
        if self._receive() != b"ready\n":
            raise Failed("the guest's agent said something else than that it is ready")
        self.up = True
        self.times["up"] = time.monotonic() - self.begin

    def ask_while_pressing(self, script):
        """The same as ask(), with somebody at the power button, which wakes a machine that is suspended."""
        pressed = threading.Event()

        def press():
            with socket.socket(socket.AF_UNIX) as qmp:
                qmp.connect(str(self.sockets / "qmp"))
                qmp.sendall(b'{"execute":"qmp_capabilities"}')
                while not pressed.wait(10):
                    qmp.sendall(b'{"execute":"system_powerdown"}')

        somebody = threading.Thread(target=press, daemon=True)
        somebody.start()
        try:
            return self.ask(script)
        finally:
            pressed.set()
            somebody.join()

    def _send(self, script):
        data = script.encode()
        self.port.sendall(b"%d\n" % len(data) + data)

    def start_next(self, how="kexec"):
        """The kernel that lies ready, or by "soft-reboot" all but the kernel anew; and waits until it is up."""
        self.ask(f"(sleep 2; systemctl --no-block {how}) &")
        self.up, self.begin = False, time.monotonic()
        self.wait_until_up()

    def ask(self, script):
        """Has the guest run a script, and returns what it left."""
        self._send(script)
        return Answer(self._receive(int(self._receive())))
