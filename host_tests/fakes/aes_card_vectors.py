"""Known answers of AuthenticateEV2First and EV2 secure messaging, as the card's maker has published them.

Origin: AN12196 (NTAG 424 DNA features and hints), tables 7, 14, 19, 21, 23, 25, 26 and 28; AN12343 (DESFire Light), and
one with keys of the 0123.. kind that several open implementations share. Recomputed with CPython's cryptography.
"""

from collections import namedtuple

ZERO_KEY = bytes(16)

# A whole authentication: what the card sends, what the reader must send, what comes of it.
Authentication = namedtuple(
    "Authentication", ("key", "number", "rnd_a", "first", "rnd_b", "second", "third", "ti", "enc_key", "mac_key")
)

# Session keys alone.
Derivation = namedtuple("Derivation", ("key", "rnd_a", "rnd_b", "enc_key", "mac_key"))

# A command under given session keys. answer: without status; data, plain: what was sealed, what unseal() gives.
Command = namedtuple(
    "Command", ("enc_key", "mac_key", "ti", "count", "ins", "header", "data", "full", "apdu", "answer", "plain")
)


def _authentication(number, *fields):
    return Authentication(ZERO_KEY, number, *(bytes.fromhex(field) for field in fields))


def _derivation(*fields):
    return Derivation(*(bytes.fromhex(field) for field in fields))


def _command(enc_key, mac_key, ti, count, ins, header, data, full, apdu, answer, plain):
    fixed = (bytes.fromhex(enc_key), bytes.fromhex(mac_key), bytes.fromhex(ti), count, ins, bytes.fromhex(header))
    rest = (bytes.fromhex(apdu), None if answer is None else bytes.fromhex(answer), bytes.fromhex(plain))
    return Command(*fixed, bytes.fromhex(data), full, *rest)


AUTHENTICATIONS = (
    _authentication(  # AN12196 table 14
        0,
        "13C5DB8A5930439FC3DEF9A4C675360F",
        "A04C124213C186F22399D33AC2A30215",
        "B9E2FC789B64BF237CCCAA20EC7E6E48",
        "35C3E05A752E0144BAC0DE51C1F22C56B34408A23D8AEA266CAB947EA8E0118D",
        "3FA64DB5446D1F34CD6EA311167F5E4985B89690C04A05F17FA7AB2F08120663",
        "9D00C4DF",
        "1309C877509E5A215007FF0ED19CA564",
        "4C6626F5E72EA694202139295C7A7FC7",
    ),
    _authentication(  # AN12196 table 19
        3,
        "B98F4C50CF1C2E084FD150E33992B048",
        "B875CEB0E66A6C5CD00898DC371F92D1",
        "91517975190DCEA6104948EFA3085C1B",
        "FF0306E47DFBC50087C4D8A78E88E62DE1E8BE457AA477C707E2F0874916A8B1",
        "0CC9A8094A8EEA683ECAAC5C7BF20584206D0608D477110FC6B3D5D3F65C3A6A",
        "7614281A",
        "7A93D6571E4B180FCA6AC90C9A7488D4",
        "FC4AF159B62E549B5812394CAB1918CC",
    ),
)

DERIVATIONS = (
    _derivation(  # AN12343
        "00000000000000000000000000000000",
        "B04D0787C93EE0CC8CACC8E86F16C6FE",
        "FA659AD0DCA738DD65DC7DC38612AD81",
        "63DC07286289A7A6C0334CA31C314A04",
        "774F26743ECE6AF5033B6AE8522946F6",
    ),
    _derivation(  # AN12196 table 23, AuthenticateEV2NonFirst, whose keys are made in the same way; E(RndB) A6A2B3C5..
        "00000000000000000000000000000000",
        "60BE759EDA560250AC57CDDC11743CF6",
        "6924E8D09722659A2E7DEC68E66312B8",
        "4CF3CB41A22583A61E89B158D252FC53",
        "5529860B2FC5FB6154B7F28361D30BF9",
    ),
    _derivation(
        "00112233445566778899AABBCCDDEEFF",
        "0123456789ABCDEF0123456789ABCDEF",
        "FEDCBA9876543210FEDCBA9876543210",
        "195428119C8528D59580A73C7C96C6A3",
        "0AF00F6E39F904C4A6388C812D53DC94",
    ),
)

_FIRST = ("1309C877509E5A215007FF0ED19CA564", "4C6626F5E72EA694202139295C7A7FC7", "9D00C4DF")
_THIRD = ("7A93D6571E4B180FCA6AC90C9A7488D4", "FC4AF159B62E549B5812394CAB1918CC", "7614281A")
_AGAIN = ("4CF3CB41A22583A61E89B158D252FC53", "5529860B2FC5FB6154B7F28361D30BF9", "7614281A")  # table 23

COMMANDS = (
    _command(  # table 7: GetFileSettings, a code alone; what the file's cipher would be does not matter
        "00" * 16,
        "8248134A386E86EB7FAF54A52E536CB6",
        "7A21085E",
        0,
        0xF5,
        "02",
        "",
        False,
        "90F5000009026597A457C8CD442C00",
        "0040EEEE000100D1FE001F00004400004400002000006A00002A474282E7A47986",
        "0040EEEE000100D1FE001F00004400004400002000006A0000",
    ),
    _command(  # table 18: ChangeFileSettings
        *_FIRST,
        1,
        0x5F,
        "02",
        "4000E0C1F121200000430000430000",
        True,
        "905F0000190261B6D97903566E84C3AE5274467E89EAD799B7C1A0EF7A0400",
        "57BFF87B1241E93D",
        "",
    ),
    _command(  # table 21: WriteData
        *_THIRD,
        0,
        0x8D,
        "030000000A0000",
        "0102030405060708090A",
        True,
        "908D00001F030000000A00006B5E6804909962FC4E3FF5522CF0F8436C0C53315B9C73AA00",
        "C26D236E4A7C046D",
        "",
    ),
    _command(  # table 25: ChangeKey of key 2, whose old value is zero
        *_AGAIN,
        2,
        0xC4,
        "02",
        "F3847D627727ED3BC9C4CC050489B96601789DFADC",
        True,
        "90C4000029022CF362B7BF4311FF3BE1DAA295E8C68DE09050560D19B9E16C2393AE9CD1FAC75D0CE20BCD1D06E600",
        "203BB55D1089D587",
        "",
    ),
    _command(  # table 26: ChangeKey of key 0, which had proved itself; the answer bears no code
        *_AGAIN,
        3,
        0xC4,
        "00",
        "5004BF991F408672B1EF00F08F9E864701",
        True,
        "90C400002900C0EB4DEEFEDDF0B513A03A95A75491818580503190D4D05053FF75668A01D6FDA6610234BDED643200",
        None,
        "",
    ),
    _command(  # table 28: GetCardUID; the answer is encrypted
        "2B4D963C014DC36F24F69A50A394F875",
        "379D32130CE61705DD5FD8C36B95D764",
        "DF055522",
        0,
        0x51,
        "",
        "",
        False,
        "90510000088E2C155ADDA99BE300",
        "70756055688505B52A5E26E59E329CD6595F672298EA41B7",
        "04958CAA5C5E80",
    ),
)
GET_CARD_UID = 5  # in COMMANDS

# Session vector, initialisation vectors of commands: AN12196 tables 14, 18 and 25
COMMAND_VECTORS = (
    (bytes.fromhex(_FIRST[0]), bytes.fromhex(_FIRST[2]), 0, bytes.fromhex("D2CB7277A17841A06654A48188C1F8F5")),
    (bytes.fromhex(_FIRST[0]), bytes.fromhex(_FIRST[2]), 1, bytes.fromhex("3E27082AB2ACC1EF55C57547934E9962")),
    (bytes.fromhex(_AGAIN[0]), bytes.fromhex(_AGAIN[2]), 2, bytes.fromhex("307EDE1814707F30CFE603DD6CA62353")),
)
