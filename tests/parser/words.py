"""Words of scripts, whole and broken, from which properties put texts together."""

WORDS = (
    *("if", "else", "def", "return", "for", "in", "true", "false", "elif", "while", "nil"),
    *("a", "b", "f", "x", "$host", "$arg_a", "len(", "concat(", "eq(", "and(", "exit("),
    *("'str'", '"dq"', "'open", "'re:(a'", "1", "2.5", "0x1", "#", "//", "\\", "`", "\u4e2d", "\uff08"),
    *(
        "(",
        ")",
        "[",
        "]",
        "{",
        "}",
        ",",
        "=",
        "-",
        "==",
        "+",
        ";",
        ":",
        ".",
        "!",
        "\n",
        "\n",
        "\r\n",
        "\t",
        "\0",
    ),
)
