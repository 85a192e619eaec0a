"""AES gives the published bytes in every mode and key length, there and back, and its object cannot be forged."""

import pytest

from tests.stdlib.harness import TIERS, Tier, run

# NIST SP 800-38A, appendix F: four blocks under three keys, and what each mode makes of them.
PLAIN = (
    "6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e51"
    "30c81c46a35ce411e5fbc1191a0a52eff69f2445df4f9b17ad2b417be66c3710"
)
KEYS = {
    128: "2b7e151628aed2a6abf7158809cf4f3c",
    192: "8e73b0f7da0e6452c810f32b809079e562f8ead2522c6b7b",
    256: "603deb1015ca71be2b73aef0857d77811f352c073b6108d72d9810a30914dff4",
}
IV = "000102030405060708090a0b0c0d0e0f"
COUNTER = "f0f1f2f3f4f5f6f7f8f9fafbfcfdfeff"
VECTORS = {
    ("ecb", 128): (
        "3ad77bb40d7a3660a89ecaf32466ef97f5d3d58503b9699de785895a96fdbaaf"
        "43b1cd7f598ece23881b00e3ed0306887b0c785e27e8ad3f8223207104725dd4"
    ),
    ("ecb", 192): (
        "bd334f1d6e45f25ff712a214571fa5cc974104846d0ad3ad7734ecb3ecee4eef"
        "ef7afd2270e2e60adce0ba2face6444e9a4b41ba738d6c72fb16691603c18e0e"
    ),
    ("ecb", 256): (
        "f3eed1bdb5d2a03c064b5a7e3db181f8591ccb10d410ed26dc5ba74a31362870"
        "b6ed21b99ca6f4f9f153e7b1beafed1d23304b7a39f9f3ff067d8d8f9e24ecc7"
    ),
    ("cbc", 128): (
        "7649abac8119b246cee98e9b12e9197d5086cb9b507219ee95db113a917678b2"
        "73bed6b8e3c1743b7116e69e222295163ff1caa1681fac09120eca307586e1a7"
    ),
    ("cbc", 192): (
        "4f021db243bc633d7178183a9fa071e8b4d9ada9ad7dedf4e5e738763f69145a"
        "571b242012fb7ae07fa9baac3df102e008b0e27988598881d920a9e64f5615cd"
    ),
    ("cbc", 256): (
        "f58c4c04d6e5f1ba779eabfb5f7bfbd69cfc4e967edb808d679f777bc6702c7d"
        "39f23369a9d9bacfa530e26304231461b2eb05e2c39be9fcda6c19078c6a9d1b"
    ),
    ("cfb", 128): (
        "3b3fd92eb72dad20333449f8e83cfb4ac8a64537a0b3a93fcde3cdad9f1ce58b"
        "26751f67a3cbb140b1808cf187a4f4dfc04b05357c5d1c0eeac4c66f9ff7f2e6"
    ),
    ("cfb", 192): (
        "cdc80d6fddf18cab34c25909c99a417467ce7f7f81173621961a2b70171d3d7a"
        "2e1e8a1dd59b88b1c8e60fed1efac4c9c05f9f9ca9834fa042ae8fba584b09ff"
    ),
    ("cfb", 256): (
        "dc7e84bfda79164b7ecd8486985d386039ffed143b28b1c832113c6331e5407b"
        "df10132415e54b92a13ed0a8267ae2f975a385741ab9cef82031623d55b1e471"
    ),
    ("ofb", 128): (
        "3b3fd92eb72dad20333449f8e83cfb4a7789508d16918f03f53c52dac54ed825"
        "9740051e9c5fecf64344f7a82260edcc304c6528f659c77866a510d9c1d6ae5e"
    ),
    ("ofb", 192): (
        "cdc80d6fddf18cab34c25909c99a4174fcc28b8d4c63837c09e81700c1100401"
        "8d9a9aeac0f6596f559c6d4daf59a5f26d9f200857ca6c3e9cac524bd9acc92a"
    ),
    ("ofb", 256): (
        "dc7e84bfda79164b7ecd8486985d38604febdc6740d20b3ac88f6ad82a4fb08d"
        "71ab47a086e86eedf39d1c5bba97c4080126141d67f37be8538f5a8be740e484"
    ),
    ("ctr", 128): (
        "874d6191b620e3261bef6864990db6ce9806f66b7970fdff8617187bb9fffdff"
        "5ae4df3edbd5d35e5b4f09020db03eab1e031dda2fbe03d1792170a0f3009cee"
    ),
    ("ctr", 192): (
        "1abc932417521ca24f2b0459fe7e6e0b090339ec0aa6faefd5ccc2c6f4ce8e94"
        "1e36b26bd1ebc670d1bd1d665620abf74f78a7f6d29809585a97daec58c6b050"
    ),
    ("ctr", 256): (
        "601ec313775789a5b7a7f504bbf3d228f443e3ca4d62b59aca84e990cacaf5c5"
        "2b0930daa23de94ce87017ba2d84988ddfc9c58db67aada613c2dd08457941a6"
    ),
}


def configured(mode: str, length: int) -> str:
    """The script line that makes the object `o` of a vector."""
    iv = COUNTER if mode == "ctr" else IV
    entries = f"'key' = tobin('{KEYS[length]}'), 'iv' = tobin('{iv}')"
    return f"o = aes_new([{entries}, 'cipher_len' = {length}, 'cipher_mode' = '{mode}'])\n"


@pytest.mark.parametrize("tier", TIERS)
@pytest.mark.parametrize(("vector", "cipher"), VECTORS.items(), ids=lambda value: str(value)[:12])
def test_published_vector(vector: tuple[str, int], cipher: str, tier: Tier) -> None:
    script = f"{configured(*vector)}c = aes_enc(o, tobin('{PLAIN}'))\nprobe(tohex(c))\nprobe(tohex(aes_dec(o, c)))\n"
    (_, encrypted), (_, decrypted) = run(script, tier=tier).values
    # Whole blocks are followed by one of padding, where there is padding.
    padding = 32 if vector[0] in {"ecb", "cbc"} else 0
    assert encrypted[: len(cipher)] == cipher
    assert len(encrypted) == len(cipher) + padding
    assert decrypted == PLAIN


@pytest.mark.parametrize("tier", TIERS)
@pytest.mark.parametrize("mode", ["ecb", "cbc", "ctr", "cfb", "ofb"])
def test_object_keeps_no_state_between_texts(mode: str, tier: Tier) -> None:
    script = f"{configured(mode, 256)}probe(eq(aes_enc(o, 'same'), aes_enc(o, 'same')))\n"
    script += "probe(aes_dec(o, aes_enc(o, 'bytes \xff and all')))\n"
    assert run(script, tier=tier).values == (("boolean", True), ("string", "bytes \xc3\xbf and all"))


@pytest.mark.parametrize("tier", TIERS)
def test_configuration_may_change_afterwards(tier: Tier) -> None:
    script = "c = ['key' = 'k', 'cipher_len' = 128, 'cipher_mode' = 'ecb']\no = aes_new(c)\nbefore = aes_enc(o, 'a')\n"
    script += "set(c, 'key', 'other')\nset(o, 'key', 'other')\nprobe(eq(aes_enc(o, 'a'), before))\n"
    assert run(script, tier=tier).value == ("boolean", True)


# What a script can do to an object, or with what it finds in one.
MEDDLING = {
    "entry deleted": ("del(o, 'cipher')\naes_enc(o, 'a')\n", 499),
    "entry overwritten": ("set(o, 'cipher', 'k')\naes_enc(o, 'a')\n", 499),
    "own function instead": ("set(o, 'cipher', false)\nset(o, 'f', 1)\naes_dec(o, 'a')\n", 499),
}


@pytest.mark.parametrize("tier", TIERS)
@pytest.mark.parametrize(("script", "code"), MEDDLING.values(), ids=MEDDLING.keys())
def test_object_that_was_meddled_with_is_none(script: str, code: int, tier: Tier) -> None:
    fault = run(configured("cbc", 128) + script, tier=tier).fault
    assert fault is not None
    assert int(fault.code) == code
    assert "not from aes_new" in fault.message


@pytest.mark.parametrize("tier", TIERS)
def test_what_is_inside_says_and_does_nothing(tier: Tier) -> None:
    script = configured("cbc", 128) + "for k, v in o {\nprobe(k)\nprobe(tostring(v))\n}\n"
    script += "seen = []\nprobe(foreach(['a'], get(o, 'cipher'), seen))\nprobe(len(seen))\n"
    script += "l = [2, 1]\nprobe(arr_sort(l, get(o, 'cipher')))\n"
    values = [value for _, value in run(script, tier=tier).values]
    assert values == ["cipher", "function", True, 0, True]


@pytest.mark.parametrize("tier", TIERS)
def test_entry_may_move_to_another_dictionary(tier: Tier) -> None:
    script = f"{configured('ctr', 128)}d = []\nset(d, 'cipher', get(o, 'cipher'))\nprobe(aes_dec(d, aes_enc(o, 'a')))\n"
    assert run(script, tier=tier).value == ("string", "a")
