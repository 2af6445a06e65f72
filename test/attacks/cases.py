# SPDX-License-Identifier: LGPL-2.1-or-later
"""The cases that are made here, by their names in the table: what is done to a genuine quote or log, and what is
said of it."""
import copy
import hashlib
import struct

from machine import (EV_ACTION, EV_APPLICATION, EV_AUTHORITY, EV_IPL, EV_NO_ACTION, EV_SEPARATOR, EV_UNUSED,
                     EV_VARIABLE_CONFIG, SIZES, Event, Software, head, write_log)

LOG, QUOTE = {}, {}
PCRS = list(range(16))


def log_case(name, *said, ok=False, pcrs="sha256:0-15+sha384:0-15"):
    """said: patterns that the answer must have; ok: every claim that is asked for is proven."""
    def keep(change):
        LOG[name] = (change, said, ok, pcrs)
        return change
    return keep


def quote_case(name, *said, ok=False):
    def keep(make):
        QUOTE[name] = (make, said, ok)
        return make
    return keep


# --- logs: the registers are those of an honest boot ---

def find(log, pcr, kind, n=0):
    return [i for i, event in enumerate(log) if event.pcr == pcr and event.kind == kind][n]


def changed(log):
    """Events may be changed one by one: the machine's own list is another."""
    return [copy.copy(event) for event in log]


def renamed(pcr, kind, into):
    def change(log):
        log[find(log, pcr, kind)].kind = into
        return write_log(log)
    return change


log_case("log-genuine", r"firmware +proven.*Secure Boot on", ok=True)(write_log)


@log_case("log-locality-0", r"StartupLocality|the TPM was started from locality 0", ok=True)
def locality_0(log):
    return write_log([Event(0, EV_NO_ACTION, b"StartupLocality\0\0")] + log)


@log_case("log-no-pcr7", r"registers +NOT PROVEN.*sha256:7", r"firmware +NOT PROVEN.*pcr:7")
def no_pcr7(log):
    return write_log([event for event in log if event.pcr != 7])


@log_case("log-no-events", r"registers +NOT PROVEN.*sha256:0-7")
def no_events(_):
    return head()


@log_case("log-secure-boot-flipped", r"firmware +NOT PROVEN.*PCR 7: its data are not what was measured")
def secure_boot_flipped(log):
    event = log[find(log, 7, EV_VARIABLE_CONFIG)]
    event.data = event.data[:-1] + b"\0"
    return write_log(log)


@log_case("log-command-line-edited", r'12 +EV_IPL +digest only +"meek"', r"registers +proven", ok=True)
def command_line_edited(log):
    log[find(log, 12, EV_IPL)].data = "meek\0".encode("utf-16le")
    return write_log(log)


log_case("log-pcr7-unused", r"firmware +NOT PROVEN.*PCR 7: of a type that does not belong there")(
    renamed(7, EV_AUTHORITY, EV_UNUSED))
log_case("log-pcr7-no-action", r"registers +NOT PROVEN.*sha256:7", r"firmware +NOT PROVEN.*pcr:7")(
    renamed(7, EV_AUTHORITY, EV_NO_ACTION))
log_case("log-application-unused", r"4 +EV_UNUSED +digest only", ok=True)(renamed(4, EV_APPLICATION, EV_UNUSED))


@log_case("log-no-action-added", r'7 +EV_NO_ACTION +unproven +"Secure Boot is on, honestly"', ok=True)
def no_action_added(log):
    return write_log(log + [Event(7, EV_NO_ACTION, b"Secure Boot is on, honestly")])


@log_case("log-swapped-between-pcrs", r"names, and the order between registers, are its word", ok=True)
def swapped_between_pcrs(log):
    a, b = find(log, 0, EV_SEPARATOR), find(log, 1, EV_SEPARATOR)
    log[a], log[b] = log[b], log[a]
    return write_log(log)


@log_case("log-swapped-in-pcr7", r"registers +NOT PROVEN.*sha256:7")
def swapped_in_pcr7(log):
    a = find(log, 7, EV_VARIABLE_CONFIG)
    log[a], log[a + 1] = log[a + 1], log[a]
    return write_log(log)


@log_case("log-last-dropped", r"registers +NOT PROVEN.*sha256:5")
def last_dropped(log):
    return write_log(log[:-1])


@log_case("log-cut", r"registers +NOT PROVEN.*firmware log.*cut short")
def cut(log):
    return write_log(log)[:-5]


@log_case("log-garbage-behind", r"registers +NOT PROVEN.*firmware log")
def garbage_behind(log):
    return write_log(log) + b"\1\2\3"


@log_case("log-no-sha256", r"registers +NOT PROVEN.*has no sha256 digest")
def no_sha256(log):
    for event in log:
        event.digests = {bank: digest for bank, digest in event.digests.items() if bank != "sha256"}
    return write_log(log)


@log_case("log-sha256-zero", r"registers +NOT PROVEN.*sha256:0-7")
def sha256_zero(log):
    for event in log:
        event.digests = {**event.digests, "sha256": bytes(32)}
    return write_log(log)


@log_case("log-sha256-of-20-bytes", r"registers +NOT PROVEN.*not its algorithm's")
def sha256_of_20_bytes(log):
    return write_log(log, sizes={**SIZES, "sha256": 20})


@log_case("log-pcr-200", r"registers +NOT PROVEN.*a register that there is not")
def pcr_200(log):
    return write_log(log + [Event(200, EV_SEPARATOR, bytes(4))])


@log_case("log-pcr-16", r"registers +NOT PROVEN.*sha256:16", pcrs="sha256:0-16")
def pcr_16(log):
    return write_log(log + [Event(16, EV_SEPARATOR, bytes(4))])


@log_case("log-locality-3", r"registers +NOT PROVEN.*sha256:0")
def locality_3(log):
    return write_log([Event(0, EV_NO_ACTION, b"StartupLocality\0\3")] + log)


@log_case("log-locality-late", ok=True)
def locality_late(log):
    return write_log(log + [Event(0, EV_NO_ACTION, b"StartupLocality\0\3")])


@log_case("log-huge-event", r"registers +NOT PROVEN.*firmware log")
def huge_event(log):
    return write_log(log[:-1]) + log[-1].bytes()[:-4 - len(log[-1].data)] + b"\xf0\xff\xff\xff"


@log_case("log-huge-count", r"registers +NOT PROVEN.*firmware log")
def huge_count(log):
    return write_log(log) + struct.pack("<III", 5, EV_ACTION, 0xffffffff)


@log_case("log-huge-algorithms", r"registers +NOT PROVEN.*firmware log")
def huge_algorithms(log):
    return write_log(log, count=0xffffffff)


@log_case("log-empty", r"registers +NOT PROVEN.*(firmware log|no log here explains)")
def empty(_):
    return b""


@log_case("log-zeros-behind", ok=True)
def zeros_behind(log):
    return write_log(log) + bytes(64)


@log_case("log-ones-behind", ok=True)
def ones_behind(log):
    return write_log(log) + b"\xff" * 64


# --- quotes ---

def signed(machine, key, tpmt, pairs, pcrs):
    attest, signature = machine.signed_quote(key, pcrs)
    return {"tpmt": tpmt, "attest": attest, "signature": signature, "pairs": pairs, "values": machine.values(pairs)}


def ok_quote(machine):
    return signed(machine, "ecc", machine.ecc, [("sha256", PCRS)], "sha256:0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15")


@quote_case("quote-rsa", r"signature +proven.*RSA-2048", ok=True)
def quote_rsa(machine):
    return signed(machine, "rsa", machine.rsa, [("sha256", PCRS)], "sha256:0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15")


quote_case("quote-ecc", r"signature +proven.*P-256", ok=True)(ok_quote)


@quote_case("quote-partial", r"Quoted: sha256:0,7,11", ok=True)
def quote_partial(machine):
    return signed(machine, "ecc", machine.ecc, [("sha256", [0, 7, 11])], "sha256:0,7,11")


@quote_case("quote-two-banks", r"Quoted: sha1:0,7\+sha256:0,7", ok=True)
def quote_two_banks(machine):
    return signed(machine, "ecc", machine.ecc, [("sha1", [0, 7]), ("sha256", [0, 7])], "sha1:0,7+sha256:0,7")


@quote_case("quote-other-nonce", r"fresh +NOT PROVEN.*answers another nonce")
def quote_other_nonce(machine):
    return {**ok_quote(machine), "asked": hashlib.sha256(b"other").hexdigest()}


@quote_case("quote-nonce-prefix", r"fresh +NOT PROVEN.*answers another nonce")
def quote_nonce_prefix(machine):
    return {**ok_quote(machine), "asked": machine.nonce[:32]}


@quote_case("quote-nonce-empty", r"nonce")
def quote_nonce_empty(machine):
    return {**ok_quote(machine), "asked": "", "status": 2}


@quote_case("quote-forged-value", r"signature +NOT PROVEN.*register values are not those that quote 0 signs")
def quote_forged_value(machine):
    q = ok_quote(machine)
    q["values"]["sha256"]["7"] = "11" * 32
    return q


@quote_case("quote-other-type-of-key", r"signature +NOT PROVEN.*not signed by the key in the evidence")
def quote_other_type_of_key(machine):
    return {**ok_quote(machine), "tpmt": machine.rsa}


@quote_case("quote-foreign-key", r"signature +NOT PROVEN.*not signed by the key in the evidence")
def quote_foreign_key(machine):
    return {**ok_quote(machine), "tpmt": machine.other}


@quote_case("quote-bit-flipped", r"signature +NOT PROVEN")
def quote_bit_flipped(machine):
    q = ok_quote(machine)
    q["attest"] = q["attest"][:-1] + bytes([q["attest"][-1] ^ 1])
    return q


def software_quote(machine, change):
    """Signed by a key that is in no TPM: so what is said is of what was signed, and not of the signature."""
    key, q = Software(machine), ok_quote(machine)
    attest = change(q["attest"])
    return {**q, "tpmt": key.tpmt, "attest": attest, "signature": key.sign(attest)}


@quote_case("quote-magic", r"malformed.*not made by a TPM \(magic 0x00544347\)")
def quote_magic(machine):
    return software_quote(machine, lambda attest: b"\0" + attest[1:])


@quote_case("quote-certify", r"malformed.*as something else \(type 0x8017\)")
def quote_certify(machine):
    return software_quote(machine, lambda attest: attest[:4] + b"\x80\x17" + attest[6:])


@quote_case("quote-nv", r"malformed.*as something else \(type 0x8014\)")
def quote_nv(machine):
    return software_quote(machine, lambda attest: attest[:4] + b"\x80\x14" + attest[6:])


@quote_case("quote-time", r"malformed.*as something else \(type 0x8019\)")
def quote_time(machine):
    q = ok_quote(machine)
    machine.run("tpm2_gettime", "-c", "ecc.ctx", "-q", machine.nonce, "-o", "sig", "--attestation", "msg")
    machine.run("tpm2_flushcontext", "-t")
    return {**q, "attest": machine.read("msg"), "signature": machine.read("sig")}


def reselected(attest, pairs):
    """The same quote with another selection: TPML_PCR_SELECTION and the digest are its last members."""
    end = len(attest) - 34
    at = end - (4 + 6)
    out = struct.pack(">I", len(pairs))
    for alg, bits in pairs:
        out += struct.pack(">HB", alg, 3) + bits.to_bytes(3, "little")
    return attest[:at] + out + attest[end:]


@quote_case("quote-no-selection", r"malformed")
def quote_no_selection(machine):
    return {**software_quote(machine, lambda attest: reselected(attest, [])), "pairs": [], "values": {}}


@quote_case("quote-zero-selection", r"malformed")
def quote_zero_selection(machine):
    return {**software_quote(machine, lambda attest: reselected(attest, [(11, 0)])), "pairs": [("sha256", [])], "values": {}}


@quote_case("quote-bank-twice", r"malformed")
def quote_bank_twice(machine):
    return software_quote(machine, lambda attest: reselected(attest, [(11, 0x7f), (11, 0xff80)]))


@quote_case("quote-subset", r"malformed.*over other PCRs than were asked for")
def quote_subset(machine):
    q = ok_quote(machine)
    attest, signature = machine.signed_quote("ecc", "sha256:0,1,2")
    return {**q, "attest": attest, "signature": signature}


@quote_case("quote-subset-values", r"malformed.*there are sha256 values that no quote is over")
def quote_subset_values(machine):
    q = ok_quote(machine)
    attest, signature = machine.signed_quote("ecc", "sha256:0,1,2")
    return {**q, "attest": attest, "signature": signature, "pairs": [("sha256", [0, 1, 2])]}


def relabelled(machine, signed_pcrs, claimed):
    """A genuine quote of some registers, with their values under the names of others."""
    attest, signature = machine.signed_quote("ecc", "sha256:" + ",".join(map(str, signed_pcrs)))
    held = machine.values([("sha256", signed_pcrs)])["sha256"]
    values = {str(c): held[str(s)] for s, c in zip(signed_pcrs, claimed)}
    return {"tpmt": machine.ecc, "attest": attest, "signature": signature, "pairs": [("sha256", claimed)],
            "values": {"sha256": values}}


@quote_case("quote-relabelled-0-7", r"malformed.*over other PCRs than were asked for")
def quote_relabelled(machine):
    return relabelled(machine, [16, 23], [0, 7])


@quote_case("quote-relabelled-0-1", r"malformed.*over other PCRs than were asked for")
def quote_relabelled_0_1(machine):
    return {**relabelled(machine, [16, 23], [0, 1])}


@quote_case("quote-relabelled-values", r"malformed.*values that no quote is over")
def quote_relabelled_values(machine):
    return {**relabelled(machine, [16, 23], [0, 1]), "pairs": [("sha256", [16, 23])]}


@quote_case("quote-positional", r"malformed.*values that no quote is over")
def quote_positional(machine):
    signed_pcrs = list(range(11)) + [16]
    q = relabelled(machine, signed_pcrs, list(range(12)))
    return {**q, "pairs": [("sha256", signed_pcrs)]}


@quote_case("quote-sha512-as-sha256", r"malformed")
def quote_sha512_as_sha256(machine):
    q = ok_quote(machine)
    values = bytes(12 * 64)
    attest = reselected(q["attest"], [(13, 0xfff)])[:-32] + hashlib.sha256(values).digest()
    key = Software(machine)
    halves = {str(i): values[32 * i:32 * i + 32].hex() for i in range(24)}
    return {"tpmt": key.tpmt, "attest": attest, "signature": key.sign(attest), "pairs": [("sha512", list(range(12)))],
            "values": {"sha256": halves}}


@quote_case("quote-sha1-signature", r"malformed|signature +NOT PROVEN")
def quote_sha1_signature(machine):
    key, q = Software(machine), ok_quote(machine)
    return {**q, "tpmt": key.tpmt, "signature": key.sign(q["attest"], "sha1")}


@quote_case("quote-bytes-behind-attest", r"malformed.*stray bytes")
def quote_bytes_behind_attest(machine):
    return software_quote(machine, lambda attest: attest + b"\0")


@quote_case("quote-bytes-behind-signature", r"malformed.*stray bytes")
def quote_bytes_behind_signature(machine):
    q = ok_quote(machine)
    return {**q, "signature": q["signature"] + b"\0"}


@quote_case("quote-values-more", r"malformed")
def quote_values_more(machine):
    q = ok_quote(machine)
    q["values"]["unclaimed"] = {"0": "00"}
    return q


@quote_case("quote-values-less", r"malformed.*value of quoted PCR 15.*is missing")
def quote_values_less(machine):
    q = ok_quote(machine)
    del q["values"]["sha256"]["15"]
    return q

