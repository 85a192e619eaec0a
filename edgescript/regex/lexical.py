r"""
The smallest parts of a pattern: bytes, escapes and classes, each read to a byte or a set of bytes.

Sets are those of PCRE in byte mode with its built-in tables: ASCII letters only, and `\h`, `\v` with their two
bytes above ASCII.
"""

from typing import Final

from edgescript.regex.errors import RegexError
from edgescript.regex.tree import ALL_BYTES, NEWLINE

DIGITS: Final = "0123456789"


def _ranges(*bounds: int) -> int:
    """The set of the given inclusive ranges: low, high, low, high..."""
    mask = 0
    for low, high in zip(bounds[::2], bounds[1::2], strict=True):
        mask |= (1 << high + 1) - (1 << low)
    return mask


_LOWER: Final = _ranges(97, 122)
_UPPER: Final = _ranges(65, 90)
_DIGIT: Final = _ranges(48, 57)
_WORD: Final = _LOWER | _UPPER | _DIGIT | 1 << 95
_SPACE: Final = _ranges(9, 13, 32, 32)
_HORIZONTAL: Final = 1 << 9 | 1 << 32 | 1 << 0xA0
VERTICAL: Final = _ranges(10, 13) | 1 << 0x85

SET_ESCAPES: Final = {
    "d": _DIGIT,
    "w": _WORD,
    "s": _SPACE,
    "h": _HORIZONTAL,
    "v": VERTICAL,
    "N": ALL_BYTES ^ NEWLINE,
}
SET_ESCAPES.update({name.upper(): ALL_BYTES ^ SET_ESCAPES[name] for name in "dwshv"})

_BYTE_ESCAPES: Final = {"a": 7, "e": 27, "f": 12, "n": 10, "r": 13, "t": 9}

_POSIX: Final = {
    "alnum": _LOWER | _UPPER | _DIGIT,
    "alpha": _LOWER | _UPPER,
    "ascii": _ranges(0, 127),
    "blank": 1 << 9 | 1 << 32,
    "cntrl": _ranges(0, 31, 127, 127),
    "digit": _DIGIT,
    "graph": _ranges(33, 126),
    "lower": _LOWER,
    "print": _ranges(32, 126),
    "punct": _ranges(33, 47, 58, 64, 91, 96, 123, 126),
    "space": _SPACE,
    "upper": _UPPER,
    "word": _WORD,
    "xdigit": _DIGIT | _ranges(65, 70, 97, 102),
}

_REFUSED_ESCAPES: Final = {
    "G": "'\\G' has no meaning where each search is its own",
    "K": "'\\K' is not supported",
    "C": "'\\C' is not supported",
    "X": "'\\X' is not supported: patterns see bytes",
    "p": "'\\p' is not supported: patterns see bytes",
    "P": "'\\P' is not supported: patterns see bytes",
    "k": "back references are not supported: no linear-time engine can run them",
    "g": "back references and subroutine calls are not supported: no linear-time engine can run them",
}


class Lexer:
    """A place in a pattern, and reading on from there. `at` is the next character."""

    def __init__(self, pattern: str) -> None:
        self.pattern = pattern
        self.at = 0

    def next(self) -> str:
        char = self.pattern[self.at]
        self.at += 1
        return char

    def take(self, text: str) -> bool:
        """Read past `text` if it stands here."""
        if self.pattern.startswith(text, self.at):
            self.at += len(text)
            return True
        return False

    def byte_escape(self) -> int:
        """The byte an escape stands for, in and outside a class; `at` is on the letter."""
        letter = self.next()
        if letter in _BYTE_ESCAPES:
            return _BYTE_ESCAPES[letter]
        if letter == "x":
            return self._hexadecimal()
        if letter == "o" and self.take("{"):
            return self._braced(8, "\\o")
        if letter in "01234567":
            self.at -= 1
            return self._in_base(8, 3, "")
        if letter == "c":
            if self.at >= len(self.pattern) or not " " <= self.pattern[self.at] <= "~":
                raise RegexError("'\\c' wants a printable ASCII character after it")
            return ord(self.next().upper()) ^ 64
        if letter in _REFUSED_ESCAPES:
            raise RegexError(_REFUSED_ESCAPES[letter])
        if letter.isascii() and letter.isalnum():
            raise RegexError(f"unknown escape '\\{letter}' at position {self.at - 1}")
        return ord(letter)

    def _hexadecimal(self) -> int:
        return self._braced(16, "\\x") if self.take("{") else self._in_base(16, 2, "0")

    def _braced(self, base: int, name: str) -> int:
        """`{digits}` after its brace. Raises RegexError when it is no byte."""
        end = self.pattern.find("}", self.at)
        digits = self.pattern[self.at : end] if end >= 0 else ""
        try:
            # int() alone would take spaces, signs and underscores.
            value = int(digits, base) if digits.isalnum() and digits.isascii() else -1
        except ValueError:
            value = -1
        if not 0 <= value <= 255:
            raise RegexError(f"'{name}{{' at position {self.at - 2} is no byte")
        self.at = end + 1
        return value

    def _in_base(self, base: int, most: int, default: str) -> int:
        """Up to `most` digits. Raises RegexError when they are over a byte."""
        digits = ""
        while len(digits) < most and self.at < len(self.pattern):
            digit = self.pattern[self.at]
            if digit not in "0123456789abcdefABCDEF" or int(digit, 16) >= base:
                break
            digits += digit
            self.at += 1
        value = int(digits or default, base)
        if value > 255:
            raise RegexError(f"octal escape '\\{digits}' is no byte")
        return value

    def char_class(self, *, ignore_case: bool) -> int:
        """The set of the class whose `[` was just read."""
        opened = self.at
        negated = self.take("^")
        mask = 0
        first = True
        while first or not self.take("]"):
            if self.at >= len(self.pattern):
                raise RegexError(f"missing ']' for the '[' at position {opened}")
            first = False
            low, mask_of_low = self._class_item(opened, ignore_case)
            if low is not None and self._range_follows():
                self.at += 1
                high, _ = self._class_item(opened, ignore_case)
                if high is None:
                    raise RegexError(f"range in the class at position {opened} ends in a set")
                if high < low:
                    raise RegexError(f"range in the class at position {opened} is out of order")
                mask_of_low = _ranges(low, high)
            mask |= mask_of_low
        if ignore_case:
            mask = both_cases(mask)
        return ALL_BYTES ^ mask if negated else mask

    def _range_follows(self) -> bool:
        """Whether `-` stands here and is not the last character of its class."""
        return self.pattern.startswith("-", self.at) and not self.pattern.startswith("-]", self.at)

    def _class_item(self, opened: int, ignore_case: bool) -> tuple[int | None, int]:
        """One item: its byte (None for a set) and its set."""
        if self.at >= len(self.pattern):
            raise RegexError(f"missing ']' for the '[' at position {opened}")
        char = self.next()
        if char == "[" and self.pattern[self.at : self.at + 1] in (":", ".", "="):
            mask = self._posix_class(ignore_case)
            if mask is not None:
                return None, mask
        elif char == "\\":
            if self.at >= len(self.pattern):
                raise RegexError("pattern ends with a backslash")
            letter = self.pattern[self.at]
            if letter in SET_ESCAPES and letter != "N":
                self.at += 1
                return None, SET_ESCAPES[letter]
            if letter in "BNRX":
                raise RegexError(f"'\\{letter}' has no meaning in a class")
            if letter == "b":
                self.at += 1
                return 8, 1 << 8
            byte = self.byte_escape()
            return byte, 1 << byte
        return ord(char), 1 << ord(char)

    def _posix_class(self, ignore_case: bool) -> int | None:
        """`[:alpha:]` whose `[` was read; None when it is no such thing and the `[` a literal."""
        kind = self.pattern[self.at]
        end = self.pattern.find(f"{kind}]", self.at + 1)
        name = self.pattern[self.at + 1 : end] if end >= 0 else "?"
        if not name.removeprefix("^").isalpha():
            return None
        if kind != ":":
            raise RegexError("collating elements such as '[.a.]' are not supported")
        mask = _POSIX.get(name.removeprefix("^"))
        if mask is None:
            raise RegexError(f"unknown POSIX class '[:{name}:]'")
        self.at = end + 2
        if ignore_case and name.removeprefix("^") in ("upper", "lower"):
            mask = _POSIX["alpha"]
        return ALL_BYTES ^ mask if name.startswith("^") else mask


def both_cases(mask: int) -> int:
    """The set with the other case of each ASCII letter in it."""
    return mask | (mask & _UPPER) << 32 | (mask & _LOWER) >> 32
