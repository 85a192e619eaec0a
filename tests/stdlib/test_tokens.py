"""Signed tokens: the published ones are accepted, at their time; whatever is wrong with one makes it false."""

import base64
import hashlib
import hmac
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from edgescript.context import Context
from edgescript.meter import Meter
from edgescript.request import Request
from stdlib.pure import jws
from tests.stdlib.harness import TIERS, Run, Tier, is_refused, run


def decoded(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def encoded(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def number(text: str) -> int:
    return int.from_bytes(decoded(text), "big")


def pem(key: Any) -> str:
    return str(key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode())


# RFC 7515 appendix A.1 to A.3, RFC 8037 appendix A.
CLAIMS = "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ"
EXPIRES_S = 1300819380
SECRET = decoded(
    "AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow"
).decode("latin-1")
RSA = pem(
    rsa.RSAPublicNumbers(
        65537,
        number(
            "ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4d4QlL-yRT-SF"
            "d2lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5z5rexMdbBYUsLA9e-KXBdQOS-UTo"
            "7WTBEMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxXFvUK-DWNmoudF8NAco9_h9iaGNj8q2ethFkM"
            "Ls91kzk2PAcDTW9gb54h4FRWyuXpoQ"
        ),
    ).public_key()
)
P256 = pem(
    ec.EllipticCurvePublicNumbers(
        number("f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU"),
        number("x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"),
        ec.SECP256R1(),
    ).public_key()
)
ED25519 = pem(
    ed25519.Ed25519PublicKey.from_public_bytes(decoded("11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"))
)
HS256_TOKEN = f"eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9.{CLAIMS}.dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
RS256_TOKEN = (
    f"eyJhbGciOiJSUzI1NiJ9.{CLAIMS}."
    "cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YKt_O8W2Fp5jujGbds9uJdbF9CU"
    "Ar7t1dnZcAcQjbKBYNX4BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBMHlb1L07Qe7K0GarZRmB_eSN9383LcOLn6_d"
    "O--xi12jzDwusC-eOkHWEsqtFZESc6BfI7noOPqvhJ1phCnvWh6IeYI2w9QOYEUipUTI8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrBp0ig"
    "cN_IoypGlUPQGe77Rw"
)
ES256_TOKEN = (
    f"eyJhbGciOiJFUzI1NiJ9.{CLAIMS}."
    "DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q"
)
EDDSA_TEXT = (
    "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc."
    "hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg"
)
PUBLISHED = {
    "HS256": (HS256_TOKEN, SECRET),
    "RS256": (RS256_TOKEN, RSA),
    "ES256": (ES256_TOKEN, P256),
}


def quoted(text: str) -> str:
    """The script expression of bytes."""
    plain = text.isascii() and text.replace("\n", "").isprintable() and not set("'\\") & set(text)
    return f"'{text}'".replace("\n", "\\n") if plain else f"tobin('{text.encode('latin-1').hex()}')"


def verified(
    token: str, key: str, alg: str, options: str = "", now_s: float = 0, tier: Tier = "translated"
) -> Run:
    """`probe` of what jwt_verify gives, with key and algorithm as constants."""
    more = f", {options}" if options else ""
    script = f"probe(jwt_verify({quoted(token)}, {quoted(key)}, '{alg}'{more}))\n"
    return run(script, Context(Request(), now_s=now_s), tier)


@pytest.mark.parametrize("tier", TIERS)
@pytest.mark.parametrize("alg", PUBLISHED)
def test_published_token_is_good_until_it_expires(alg: str, tier: Tier) -> None:
    token, key = PUBLISHED[alg]
    kind, claims = verified(token, key, alg, now_s=EXPIRES_S - 0.001, tier=tier).value
    assert kind == "table"
    assert dict(claims) == {
        ("string", "iss"): ("string", "joe"),
        ("string", "exp"): ("number", EXPIRES_S),
        ("string", "http://example.com/is_root"): ("boolean", True),
    }
    assert verified(token, key, alg, now_s=EXPIRES_S, tier=tier).value == ("boolean", False)


def test_published_ed25519_signature() -> None:
    verifier = jws.verifier("EdDSA", ED25519)
    assert jws.opened(Meter(), EDDSA_TEXT, verifier) == b"Example of Ed25519 signing"
    assert jws.opened(Meter(), EDDSA_TEXT.replace("RXhh", "RXhi"), verifier) is None
    # Its payload is no JSON, so it is no token.
    assert verified(EDDSA_TEXT, ED25519, "EdDSA").value == ("boolean", False)


def test_unsecured_token_is_refused() -> None:
    # RFC 7515 appendix A.5.
    token = f"eyJhbGciOiJub25lIn0.{CLAIMS}."
    assert all(verified(token, key, alg).value == ("boolean", False) for alg, (_, key) in PUBLISHED.items())
    assert is_refused(f"jwt_verify('{token}', 'k', 'none')")


@pytest.mark.parametrize("alg", PUBLISHED)
def test_every_changed_character_is_seen(alg: str) -> None:
    token, key = PUBLISHED[alg]
    verifier = jws.verifier(alg, key)
    assert jws.opened(Meter(), token, verifier) is not None
    for at in (*range(0, len(token), 7), len(token) - 1):
        # 'B' for 'A' in the last place changes bits that no byte has: that spelling is refused too.
        changed = token[:at] + ("B" if token[at] != "B" else "C") + token[at + 1 :]
        assert jws.opened(Meter(), changed, verifier) is None


KEY = "a secret of thirty-two bytes or more"


def signed(payload: str | bytes, header: str = '{"alg":"HS256"}', key: str = KEY) -> str:
    content = payload if isinstance(payload, bytes) else payload.encode()
    text = f"{encoded(header.encode())}.{encoded(content)}"
    return f"{text}.{encoded(hmac.digest(key.encode(), text.encode(), hashlib.sha256))}"


# At second 1000: claims, options, whether the token is good. RFC 7519 section 4.1.
NOW_S = 1000
ACCEPTED = [
    ("{}", "", True),
    ('{"sub":"ann"}', "", True),
    ('{"exp":1001}', "", True),
    ('{"exp":1000.5}', "", True),
    ('{"exp":1000}', "", False),
    ('{"exp":0}', "", False),
    ('{"exp":-1e300}', "", False),
    ('{"exp":1e300}', "", True),
    ('{"exp":1e999}', "", False),
    ('{"exp":"1001"}', "", False),
    ('{"exp":null}', "", False),
    ('{"exp":true}', "", False),
    ('{"exp":[1001]}', "", False),
    ('{"nbf":1000}', "", True),
    ('{"nbf":1000.5}', "", False),
    ('{"nbf":1001}', "", False),
    ('{"nbf":"1"}', "", False),
    ('{"nbf":false}', "", False),
    ('{"nbf":1,"exp":2000}', "", True),
    ('{"iat":5000}', "", True),
    ('{"exp":990}', "['leeway' = 10]", False),
    ('{"exp":990}', "['leeway' = 10.5]", True),
    ('{"nbf":1010}', "['leeway' = 10]", True),
    ('{"nbf":1011}', "['leeway' = 10]", False),
    ('{"exp":1000}', "['leeway' = 0]", False),
    ('{"iss":"joe"}', "", True),
    ('{"iss":"joe"}', "['iss' = 'joe']", True),
    ('{"iss":"Joe"}', "['iss' = 'joe']", False),
    ('{"iss":"joe"}', "['iss' = ['ann', 'joe']]", True),
    ('{"iss":["joe"]}', "['iss' = 'joe']", False),
    ('{"iss":1}', "['iss' = '1']", False),
    ("{}", "['iss' = 'joe']", False),
    ('{"aud":"shop"}', "", False),
    ('{"aud":[]}', "", False),
    ('{"aud":null}', "", False),
    ('{"aud":"shop"}', "['aud' = 'shop']", True),
    ('{"aud":"shop"}', "['aud' = 'sho']", False),
    ('{"aud":["a","shop"]}', "['aud' = 'shop']", True),
    ('{"aud":["a","b"]}', "['aud' = ['c', 'b']]", True),
    ('{"aud":["a",1,null]}', "['aud' = '1']", False),
    ('{"aud":{"a":"shop"}}', "['aud' = 'shop']", False),
    ('{"aud":[]}', "['aud' = 'shop']", False),
    ("{}", "['aud' = 'shop']", False),
    ('{"aud":"shop","iss":"joe","exp":990}', "['aud' = 'shop', 'iss' = 'joe', 'leeway' = 60]", True),
]


@pytest.mark.parametrize(("claims", "options", "good"), ACCEPTED)
def test_claims(claims: str, options: str, good: bool) -> None:
    for tier in TIERS:
        outcome = verified(signed(claims), KEY, "HS256", options, NOW_S, tier)
        assert (outcome.value[0] == "table") is good
        assert good or outcome.value == ("boolean", False)


# Signed with the right key, and still no token.
MALFORMED = {
    "another algorithm": signed("{}", '{"alg":"HS512"}'),
    "algorithm in another case": signed("{}", '{"alg":"hs256"}'),
    "no algorithm": signed("{}", "{}"),
    "algorithm none": signed("{}", '{"alg":"none"}'),
    "algorithm that is no string": signed("{}", '{"alg":["HS256"]}'),
    "two algorithms": signed("{}", '{"alg":"none","alg":"HS256"}'),
    "critical extension": signed("{}", '{"alg":"HS256","crit":["b64"],"b64":false}'),
    "empty list of critical extensions": signed("{}", '{"alg":"HS256","crit":[]}'),
    "header is an array": signed("{}", '["HS256"]'),
    "header is no JSON": signed("{}", "alg=HS256"),
    "header is empty": signed("{}", ""),
    "payload is an array": signed("[]"),
    "payload is a string": signed('"ann"'),
    "payload is no JSON": signed("sub=ann"),
    "payload is empty": signed(""),
    "payload has a name twice": signed('{"sub":"ann","sub":"bob"}'),
    "payload has a name twice inside": signed('{"a":{"b":1,"\\u0062":2}}'),
    "payload has a nan": signed('{"exp":NaN}'),
    "payload has more after the object": signed("{}{}"),
    "payload is no UTF-8": signed(b'{"a":"\xff"}'),
    "payload nests too deeply": signed('{"a":' + "[" * 1000 + "]" * 1000 + "}"),
    "text is longer than 8 KiB": signed('{"a":"' + "a" * 6200 + '"}'),
    "no text": "",
    "one part": "a",
    "two parts": ".".join(signed("{}").split(".")[:2]),
    "four parts": signed("{}") + ".a",
    "five parts": signed("{}") + ".a.a",
    "no signature": signed("{}").rpartition(".")[0] + ".",
    "padding": signed("{}") + "=",
    "white space": signed("{}") + " ",
    "standard Base64": "+/+/." + signed("{}").partition(".")[2],
    "bytes beyond ASCII": "\xe4" + signed("{}"),
    "a line feed": signed("{}") + "\n",
    "another key": signed("{}", key=KEY + "!"),
}


@pytest.mark.parametrize("token", MALFORMED.values(), ids=MALFORMED.keys())
def test_malformed_token(token: str) -> None:
    for tier in TIERS:
        assert verified(token, KEY, "HS256", tier=tier).value == ("boolean", False)


OTHER_CURVE = pem(ec.generate_private_key(ec.SECP384R1()).public_key())
SHORT_RSA = pem(rsa.RSAPublicNumbers(65537, (1 << 1023) + 1).public_key())
ODD_RSA = pem(rsa.RSAPublicNumbers((1 << 33) + 1, (1 << 2047) + 1).public_key())
PRIVATE = (
    "-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEIJ1hsZ3v/VpguoRK9JLsLMREScVpezJpGXA7rAMcrn9g\n"
    "-----END PRIVATE KEY-----\n"
)

# A key that is none for the algorithm, and what is said of it.
REFUSED_KEYS = [
    ("HS256", "", "at least 32 bytes"),
    ("HS256", "a" * 31, "at least 32 bytes"),
    ("HS384", "a" * 47, "at least 48 bytes"),
    ("HS512", "a" * 63, "at least 64 bytes"),
    ("HS256", RSA, "not a public key"),
    ("HS256", ED25519, "not a public key"),
    ("HS256", "".join(P256.splitlines()[1:-1]), "not a public key"),
    ("HS256", "-----BEGIN CERTIFICATE-----\n" + "A" * 80, "not a public key"),
    ("HS256", "ssh-ed25519 " + "A" * 68, "not a public key"),
    ("RS256", KEY, "public key in PEM"),
    ("RS256", "", "public key in PEM"),
    ("RS256", "A" * 20_000, "public key in PEM"),
    ("RS256", P256, "RSA key of 2048 to 8192 bits"),
    ("RS256", SHORT_RSA, "RSA key of 2048 to 8192 bits"),
    ("RS256", ODD_RSA, "exponent below 2^32"),
    ("ES256", RSA, "curve P-256"),
    ("ES256", OTHER_CURVE, "curve P-256"),
    ("EdDSA", P256, "Ed25519"),
    ("EdDSA", PRIVATE, "public key in PEM"),
    ("HS1", KEY, "want one of HS256, HS384"),
    ("hs256", KEY, "want one of HS256, HS384"),
    ("", KEY, "want one of HS256, HS384"),
]


@pytest.mark.parametrize(("alg", "key", "said"), REFUSED_KEYS)
def test_wrong_key_is_a_mistake_of_the_script(alg: str, key: str, said: str) -> None:
    script = f"probe(jwt_verify('a.b.c', opaque({quoted(key)}), opaque('{alg}')))\n"
    for tier in TIERS:
        fault = run(script, tier=tier).fault
        assert fault is not None
        assert int(fault.code) == 499
        assert said in fault.message
        assert not key or key not in fault.message
    assert "tobin" in quoted(key) or is_refused(f"jwt_verify('a.b.c', {quoted(key)}, '{alg}')")


@pytest.mark.parametrize(
    "options",
    [
        "['leeway' = -1]",
        "['leeway' = 3601]",
        "['leeway' = '5']",
        "['leeway' = div(0, 0)]",
        "['leeway' = true]",
        "['aud' = 1]",
        "['aud' = []]",
        "['aud' = ['a', 1]]",
        "['aud' = ['a' = 'a', 'b' = 1]]",
        "['iss' = false]",
        "['issuer' = 'joe']",
        "['joe']",
        "[true = 'joe']",
    ],
)
def test_wrong_option_is_a_mistake_of_the_script(options: str) -> None:
    # Even where the token is refused anyway.
    for tier in TIERS:
        fault = verified("a.b.c", KEY, "HS256", options, tier=tier).fault
        assert fault is not None
        assert "want options" in fault.message


@pytest.mark.parametrize("alg", PUBLISHED)
def test_key_known_only_at_run_time_gives_the_same_at_the_same_price(alg: str) -> None:
    token, key = PUBLISHED[alg]
    constant = verified(token, key, alg, now_s=5)
    script = f"k = opaque({quoted(key)})\nprobe(jwt_verify('{token}', k, '{alg}'))\n"
    later = run(script, Context(Request(), now_s=5))
    assert later.value == constant.value
    interpreted = run(script, Context(Request(), now_s=5), "interpreted")
    assert interpreted.fuel == later.fuel


def test_public_key_may_do_without_its_first_and_last_line() -> None:
    token, key = PUBLISHED["ES256"]
    assert verified(token, "".join(key.splitlines()[1:-1]), "ES256").value[0] == "table"


def test_key_chosen_by_the_token_works() -> None:
    # The usual way with several keys: the script reads `kid`, and looks the key up among its own.
    token = signed('{"sub":"ann"}', '{"alg":"HS256","kid":"k2"}')
    script = (
        f"keys = ['k1' = 'another secret of thirty-two bytes', 'k2' = '{KEY}']\n"
        f"token = '{token}'\n"
        "head = json_dec(base64_dec_safe(get(split(token, '.'), 1)))\n"
        "key = get(keys, get(head, 'kid'))\n"
        "if key {\n    probe(get(jwt_verify(token, key, 'HS256'), 'sub'))\n}\n"
    )
    for tier in TIERS:
        assert run(script, tier=tier).value == ("string", "ann")


def test_longest_key_costs_no_more_than_is_declared() -> None:
    public = rsa.RSAPublicNumbers(65537, (1 << 8191) + 1).public_key()
    assert jws.verifier("RS256", pem(public)).fuel < jws.MAX_FUEL
