"""Known answers for P-256, each from where it says; all were recomputed with CPython's cryptography package."""

P = 0xFFFFFFFF00000001000000000000000000000000FFFFFFFFFFFFFFFFFFFFFFFF
N = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
B = 0x5AC635D8AA3A93E7B3EBBD55769886BC651D06B0CC53B0F63BCE3C3E27D2604B
LEAST = 1 << 64  # private keys lie between these two
GREATEST = N - LEAST

G = bytes.fromhex(
    "6b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296"
    "4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5"
)

# private key, its public key X||Y, the peer's public key X||Y, shared X.
# NIST CAVP "ECC CDH Primitive" P-256 counts 0 to 2 (SP 800-56A test vectors), then RFC 5903 section 8.1; the last one
# was searched for with the cryptography package: a shared X that begins with two zero bytes.
_AGREEMENTS = (
    (
        "7d7dc5f71eb29ddaf80d6214632eeae03d9058af1fb6d22ed80badb62bc1a534",
        "ead218590119e8876b29146ff89ca61770c4edbbf97d38ce385ed281d8a6b230"
        "28af61281fd35e2fa7002523acc85a429cb06ee6648325389f59edfce1405141",
        "700c48f77f56584c5cc632ca65640db91b6bacce3a4df6b42ce7cc838833d287"
        "db71e509e3fd9b060ddb20ba5c51dcc5948d46fbf640dfe0441782cab85fa4ac",
        "46fc62106420ff012e54a434fbdd2d25ccc5852060561e68040dd7778997bd7b",
    ),
    (
        "38f65d6dce47676044d58ce5139582d568f64bb16098d179dbab07741dd5caf5",
        "119f2f047902782ab0c9e27a54aff5eb9b964829ca99c06b02ddba95b0a3f6d0"
        "8f52b726664cac366fc98ac7a012b2682cbd962e5acb544671d41b9445704d1d",
        "809f04289c64348c01515eb03d5ce7ac1a8cb9498f5caa50197e58d43a86a7ae"
        "b29d84e811197f25eba8f5194092cb6ff440e26d4421011372461f579271cda3",
        "057d636096cb80b67a8c038c890e887d1adfa4195e9b3ce241c8a778c59cda67",
    ),
    (
        "1accfaf1b97712b85a6f54b148985a1bdc4c9bec0bd258cad4b3d603f49f32c8",
        "d9f2b79c172845bfdb560bbb01447ca5ecc0470a09513b6126902c6b4f8d1051"
        "f815ef5ec32128d3487834764678702e64e164ff7315185e23aff5facd96d7bc",
        "a2339c12d4a03c33546de533268b4ad667debf458b464d77443636440ee7fec3"
        "ef48a3ab26e20220bcda2c1851076839dae88eae962869a497bf73cb66faf536",
        "2d457b78b4614132477618a5b077965ec90730a8c81a1c75d6d4ec68005d67ec",
    ),
    (
        "c88f01f510d9ac3f70a292daa2316de544e9aab8afe84049c62a9c57862d1433",
        "dad0b65394221cf9b051e1feca5787d098dfe637fc90b9ef945d0c3772581180"
        "5271a0461cdb8252d61f1c456fa3e59ab1f45b33accf5f58389e0577b8990bb3",
        "d12dfb5289c8d4f81208b70270398c342296970a0bccb74c736fc7554494bf63"
        "56fbf3ca366cc23e8157854c13c58d6aac23f046ada30f8353e74f33039872ab",
        "d6840f6b42f6edafd13116e0e12565202fef8e9ece7dce03812464d04b9442de",
    ),
    (
        "ecf852b5f3d0f83ffd240e2527c9dd9bdbe5a8957c568cbf415f914659d50138",
        None,
        "8f11264098c792873e7e8c2a328f803895c742d4d01373d3202195905d217035"
        "bbea588490e02dd6eab11956dc4a4a277eeb07848290d52fe4bbe01c646ffba9",
        "0000e0655d8bb7d3700222b2e8d2b804adbebc92249f335968570da24f5558d8",
    ),
)
AGREEMENTS = tuple(tuple(field and bytes.fromhex(field) for field in row) for row in _AGREEMENTS)

# k and k * G: the "Test Vectors for the NIST elliptic curves" list (point multiples of nistp256).
MULTIPLES = (
    (1, G),
    (
        2,
        bytes.fromhex(
            "7cf27b188d034f7e8a52380304b51ac3c08969e277f21b35a60b48fc47669978"
            "07775510db8ed040293d9ac69f7430dbba7dade63ce982299e04b79d227873d1"
        ),
    ),
    (
        3,
        bytes.fromhex(
            "5ecbe4d1a6330a44c8f7ef951d4bf165e6c6b721efada985fb41661bc6e7fd6c"
            "8734640c4998ff7e374b06ce1a64a2ecd82ab036384fb83d9a79b127a27d5032"
        ),
    ),
    (
        4,
        bytes.fromhex(
            "e2534a3532d08fbba02dde659ee62bd0031fe2db785596ef509302446b030852"
            "e0f1575a4c633cc719dfee5fda862d764efc96c3f30ee0055c42c23f184ed8c6"
        ),
    ),
    (
        5,
        bytes.fromhex(
            "51590b7a515140d2d784c85608668fdfef8c82fd1f5be52421554a0dc3d033ed"
            "e0c17da8904a727d8ae1bf36bf8a79260d012f00d4d80888d1d0bb44fda16da4"
        ),
    ),
    (
        20,
        bytes.fromhex(
            "83a01a9378395bab9bcd6a0ad03cc56d56e6b19250465a94a234dc4c6b28da9a"
            "76e49b6de2f73234ae6a5eb9d612b75c9f2202bb6923f54ff8240aaa86f640b8"
        ),
    ),
    (
        112233445566778899112233445566778899,
        bytes.fromhex(
            "1b7e046a076cc25e6d7fa5003f6729f665cc3241b5adab12b498cd32f2803264"
            "bfea79be2b666b073db69a2a241adab0738fe9d2dd28b5604eb8c8cf097c457b"
        ),
    ),
    (
        29852220098221261079183923314599206100666902414330245206392788703677545185283,
        bytes.fromhex(
            "9eace8f4b071e677c5350b02f2bb2b384aae89d58aa72ca97a170572e0fb222f"
            "1bbdaec2430b09b93f7cb08678636ce12eaafd58390699b5fd2f6e1188fc2a78"
        ),
    ),
    (
        57896042899961394862005778464643882389978449576758748073725983489954366354431,
        bytes.fromhex(
            "878f22cc6db6048d2b767268f22ffad8e56ab8e2dc615f7bd89f1e350500dd8d"
            "714a5d7bb901c9c5853400d12341a892ef45d87fc553786756c4f0c9391d763e"
        ),
    ),
    (
        1766845392945710151501889105729049882997660004824848915955419660366636031,
        bytes.fromhex(
            "659a379625ab122f2512b8dada02c6348d53b54452dff67ac7ace4e8856295ca"
            "49d81ab97b648464d0b4a288bd7818fab41a16426e943527c4fed8736c53d0f6"
        ),
    ),
)

# Points whose coordinates are as small or as large as they get: x = 0, 5, p - 4, p - 5; and y = 5.
EDGE_POINTS = tuple(
    bytes.fromhex(x + y)
    for x, y in (
        ("00" * 32, "66485c780e2f83d72433bd5d84a06bb6541c2af31dae871728bf856a174f93f4"),
        ("00" * 31 + "05", "459243b9aa581806fe913bce99817ade11ca503c64d9a3c533415c083248fbcc"),
        (
            "ffffffff00000001000000000000000000000000fffffffffffffffffffffffc",
            "19719bebf6aea13f25c96dfd7c71f5225d4c8fc09eb5a0ab9f39e9178e55c121",
        ),
        (
            "ffffffff00000001000000000000000000000000fffffffffffffffffffffffb",
            "de998cb9ed8a12d7f706cf79349a0621142af47f9faba77e895e9177392eefb7",
        ),
        ("d7325d7646cd60d80a92738ceb345f844cffaf35841022cab176f692de8de1d7", "00" * 31 + "05"),
    )
)

# Keys at the borders, and such as make all windows of four bits and all columns of the comb alike.
EDGE_KEYS = tuple(
    number.to_bytes(32, "big")
    for number in (
        LEAST,
        LEAST + 1,
        GREATEST,
        GREATEST - 1,
        (N - 1) // 2,
        (N + 1) // 2,
        0x1111111111111111111111111111111111111111111111111111111111111111,
        0x8888888888888888888888888888888888888888888888888888888888888888,
        0xAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA,
        0x00000000000000000000000000000000000000000000000F0000000000000000,
        0x8000000000000000000000000000000000000000000000000000000000000000,
        0x7FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF,
        sum(1 << 43 * tooth for tooth in range(6)),
    )
)


def opposite(point: bytes) -> bytes:
    """The point with -Y."""
    y = int.from_bytes(point[32:], "big")
    return point[:32] + (P - y).to_bytes(32, "big")


def inverse(number: int) -> int:
    """1/number modulo n, by Fermat: pow(number, -1, n) is silently 0 under MicroPython."""
    return pow(number, N - 2, N)
