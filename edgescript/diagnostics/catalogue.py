"""
Every diagnostic: its code, its words, and its page for `edgescript explain`.

A code is for ever. Messages are lower case without a final stop, subject first, then `got X, want Y`. `{names}` are
filled with facts by `Findings.add`. An example is a script that gives the diagnostic (tests run each); the few
without one are limits, shown from both sides in `tests/text_limits`.
"""

from dataclasses import dataclass
from typing import Final, Literal

Severity = Literal["error", "warning", "hint", "compat"]

NEAR: Final = "did you mean '{near}'?"


@dataclass(frozen=True, slots=True)
class Entry:
    code: str
    severity: Severity
    message: str
    summary: str
    """One line: what is wrong."""
    why: str
    """The explanation: the rule, and what to do."""
    example: str = ""
    help: str = ""
    related: str = ""
    """The words at the second place."""


_ENTRIES: Final = (
    # --- limits on the text ------------------------------------------------------------------------------------
    Entry(
        "source-too-large",
        "error",
        "script of {size} bytes, want at most {limit}",
        "the script is too large",
        "A script is compiled on every publish and kept in memory by every worker, so its size is bounded. Move long "
        "lists into fewer, shorter patterns, or split the script.",
    ),
    Entry(
        "literal-too-long",
        "error",
        "string literal of {size} bytes, want at most {limit}",
        "a string literal is too long",
        "A literal is a constant in every worker. Long bodies belong to the origin.",
    ),
    Entry(
        "name-too-long",
        "error",
        "name of {size} bytes, want at most {limit}",
        "a name is too long",
        "No person chose such a name. Long keys belong in strings.",
    ),
    Entry(
        "nesting-too-deep",
        "error",
        "blocks, calls and literals are nested {depth} deep, want at most {limit}",
        "too many things inside each other",
        "Blocks, calls, literals, parentheses, signs and `else if` links all count. Nothing after this place is looked "
        "at. Name inner parts with variables, or move them to functions.",
    ),
    Entry(
        "loops-too-deep",
        "error",
        "for loops are nested {depth} deep, want at most {limit}",
        "too many loops inside each other",
        "The work of nested loops multiplies; no request has time for so many. Move inner loops to functions if they "
        "are really needed.",
    ),
    Entry(
        "too-many-variables",
        "error",
        "{where} has {count} variables, want at most {limit}",
        "too many variables",
        "A script and each function may have 200 variables of their own (reference section 5). Keep values in a "
        "dictionary, or move a part of the script to a function.",
    ),
    Entry(
        "too-many-functions",
        "error",
        "script has more than {limit} functions",
        "too many functions",
        "A script may define 1000 functions. Divide it into several scripts.",
    ),
    Entry(
        "too-many-values",
        "error",
        "expression of {count} values, want at most {limit}",
        "too many values in one expression",
        "A literal is made anew on every request. Keep lists of such a length at the origin, or in one string.",
    ),
    Entry(
        "too-many-arguments",
        "error",
        "got {count} {what}, want at most {limit}",
        "too many arguments or parameters",
        "A call takes at most 255 arguments. Pass a dictionary.",
    ),
    Entry(
        "too-many-patterns",
        "error",
        "the script has more than {limit} different regular expressions",
        "too many regular expressions",
        "Each pattern is compiled when a script is loaded and kept by every worker. One pattern with alternatives does "
        "the work of many.",
    ),
    Entry(
        "more-error",
        "error",
        "and {count} more errors",
        "more errors than are shown",
        "Only the first hundred findings of each severity are shown.",
    ),
    Entry(
        "more-warning",
        "warning",
        "and {count} more warnings",
        "more warnings than are shown",
        "Only the first hundred findings of each severity are shown.",
    ),
    Entry(
        "more-hint",
        "hint",
        "and {count} more hints",
        "more hints than are shown",
        "Only the first hundred findings of each severity are shown.",
    ),
    Entry(
        "more-compat",
        "compat",
        "and {count} more uses of accepted extensions",
        "more compat findings than are shown",
        "Only the first hundred findings of each severity are shown.",
    ),
    Entry(
        "not-text",
        "error",
        "got {count} control characters or bytes that are not UTF-8, want the text of a script",
        "the file is no text",
        "So many strange bytes outside strings and comments are no typing mistakes: the file is compressed, binary, or "
        "text in UTF-16. Save it as UTF-8.",
        "\x01\x02\x03\x04" * 10,
    ),
    # --- characters and words ----------------------------------------------------------------------------------
    Entry(
        "unterminated-string",
        "error",
        "string is not closed, want {quote} before the end of the line",
        "a string has no closing quote",
        "A string ends on the line where it begins. For a line break write \\n, for a quote \\'.",
        "say('hello)\n",
        "a quote inside a string is written \\' or tochar(39)",
    ),
    Entry(
        "number-format",
        "error",
        "got number '{text}', want decimal digits such as 10 or 1.5",
        "a number is not decimal",
        "Numbers are decimal, with digits on both sides of the point; there is no hexadecimal, exponent or separator. "
        "tonumber('ff', 16) reads hexadecimal text. A name cannot begin with a digit.",
        "x = 0xff\n",
    ),
    Entry(
        "number-range",
        "error",
        "number '{text}' is out of range",
        "a number is too large",
        "Numbers are doubles, at most about 1.8e308.",
        "x = " + "9" * 310 + "\n",
    ),
    Entry(
        "unexpected-character",
        "error",
        "unexpected character '{text}'",
        "a character that has no meaning here",
        "Outside strings and comments a script is made of ASCII letters, digits and a few signs. Text in other "
        "scripts goes into quotes.",
        "say(名)\n",
    ),
    Entry(
        "wide-character",
        "error",
        "unexpected character '{text}', want {instead}",
        "a full-width or typographic sign",
        "Input methods and word processors put full-width commas, brackets and curly quotes. The language knows only "
        "the ASCII signs.",
        "say('a'\N{FULLWIDTH RIGHT PARENTHESIS}\n",
    ),
    Entry(
        "backtick",
        "error",
        "got a backtick, want {instead}",
        "a backtick",
        "Strings stand in single quotes; there are no template strings. Join texts with concat.",
        "say(`hi`)\n",
    ),
    Entry(
        "semicolon",
        "error",
        "got ';', want the end of the line",
        "a semicolon",
        "A statement ends with its line and has no other terminator.",
        "x = 1;\nsay(x)\n",
    ),
    Entry(
        "comment-marker",
        "error",
        "got '{text}', want '#' to begin a comment",
        "a comment of another language",
        "A comment begins with `#` and ends with the line.",
        "/* a note */\n",
    ),
    # --- brackets and blocks -----------------------------------------------------------------------------------
    Entry(
        "unclosed-bracket",
        "error",
        "'{open}' is not closed, want '{close}' or ',' at the end of the line",
        "a bracket is not closed",
        "Arguments and dictionary literals may go over several lines, each broken after a comma or an opening "
        "bracket. Here the next line cannot belong to them.",
        "say(concat('a', 'b')\nexit(200)\n",
    ),
    Entry(
        "mismatched-bracket",
        "error",
        "got '{got}', want '{want}'",
        "a bracket is closed by another kind",
        "Calls are closed by `)`, dictionary literals by `]`.",
        "x = concat('a']\n",
        related="opened here",
    ),
    Entry(
        "unmatched-bracket",
        "error",
        "'{got}' closes nothing",
        "a closing bracket without an opening one",
        "There is one closing bracket too many, or an opening one is missing before it.",
        "x = len('a'))\n",
    ),
    Entry(
        "stray-brace",
        "error",
        "'}}' closes no block",
        "a closing brace without a block",
        "There is one `}` too many, or a `{` is missing before it.",
        "say('a')\n}\n",
    ),
    Entry(
        "unclosed-block",
        "error",
        "block is not closed, want '}}' before the end of the script",
        "a block has no closing brace",
        "Each `{` needs its `}`. The second place shows the block that is still open at the end.",
        "if $arg_a {\n    say('a')\n",
        related="opened here",
    ),
    Entry(
        "missing-brace",
        "error",
        "missing '{{' at the end of the {word} line",
        "a block does not begin",
        "`if`, `else`, `for` and `def` are followed by a block, whose `{` stands on the same line.",
        "if $arg_a\n    say('a')\n}\n",
    ),
    Entry(
        "brace-on-next-line",
        "error",
        "'{{' is on a line of its own, want it at the end of the {word} line",
        "an opening brace on the next line",
        "The opening brace stands on the line of its `if`, `else`, `for` or `def` (reference section 4.2).",
        "if $arg_a\n{\n    say('a')\n}\n",
    ),
    Entry(
        "brace-dictionary",
        "error",
        "got '{{', want a dictionary in brackets: ['k' = 'v']",
        "a dictionary in braces",
        "Braces hold statements. Dictionaries are written `['k' = 'v']`, arrays `['a', 'b']`.",
        "d = {'k' = 'v'}\n",
    ),
    # --- statements and expressions ----------------------------------------------------------------------------
    Entry(
        "operator",
        "error",
        "operators are functions: got '{operator}', want {instead}",
        "an operator",
        "Beside `=` for assignment and a sign before a value there are no operators. Comparison, arithmetic, logic and "
        "joining of texts are functions.",
        "if $arg_a == '1' {\n}\n",
    ),
    Entry(
        "nginx-directive",
        "error",
        "'{word}' is a directive of nginx, want {instead}",
        "a directive of nginx",
        "A script is made of assignments, calls and blocks: what directives say in a configuration, functions do here, on each "
        "request, with their arguments in parentheses.",
        "add_header X-A 1;\n",
    ),
    Entry(
        "hyphen-in-variable",
        "error",
        "'{name}' ends before the '-', want {instead}",
        "a hyphen in the name of a built-in variable",
        "Names have no hyphens. Header names are written with `_` for `-`; arguments and cookies whose name has a hyphen "
        "are read with req_uri_arg and req_cookie (U-10).",
        "say($http_user-agent)\n",
    ),
    Entry(
        "index-operator",
        "error",
        "there is no index operator: got '[', want {instead}",
        "an index in brackets",
        "Entries are read with get(d, k) and written with set(d, k, v).",
        "d = ['a']\nsay(d[1])\n",
    ),
    Entry(
        "member-operator",
        "error",
        "there is no member operator: got '.', want {instead}",
        "a dot between names",
        "Entries are read with get(d, k); functions belong to no object. Texts are joined with concat.",
        "d = ['a' = 1]\nsay(d.a)\n",
    ),
    Entry(
        "colon",
        "error",
        "unexpected ':', {instead}",
        "a colon",
        "Blocks are written in braces, entries of a dictionary with `=`.",
        "d = ['a': 1]\n",
    ),
    Entry(
        "assignment-in-condition",
        "error",
        "a condition cannot assign: got '=', want eq(a, b)",
        "an assignment where a condition is wanted",
        "`=` assigns and is a statement. To compare, call eq.",
        "if $arg_a = '1' {\n}\n",
    ),
    Entry(
        "chained-assignment",
        "error",
        "an assignment has no value: got a second '=', want one '=' a line",
        "two assignments in one",
        "Assign on two lines, or compare with eq.",
        "a = b = 1\n",
    ),
    Entry(
        "named-argument",
        "error",
        "arguments have no names: got '=', want ',' or ')'",
        "an argument with a name",
        "Arguments are told apart by their order. Only entries of a dictionary literal have `=`.",
        "say(text = 'a')\n",
    ),
    Entry(
        "assign-target",
        "error",
        "only a variable can be assigned, got {got}",
        "an assignment to something that is no variable",
        "The left side of `=` is a name. Entries of dictionaries are written with set(d, k, v).",
        "len('a') = 1\n",
    ),
    Entry(
        "missing-value",
        "error",
        "missing value {place}",
        "a value is missing",
        "A value is a name, number, string, true, false, call or dictionary literal.",
        "x =\n",
    ),
    Entry(
        "missing-comma",
        "error",
        "missing ',' before {got}",
        "two values without a comma",
        "Arguments and entries are separated by commas, at line ends too.",
        "x = ['a' 'b']\n",
    ),
    Entry(
        "two-statements",
        "error",
        "one statement a line: got {got}, want the end of the line",
        "two statements on one line",
        "A statement ends with its line. A block on one line may hold one statement.",
        "x = 1 y = 2\n",
    ),
    Entry(
        "not-a-statement",
        "error",
        "a value alone does nothing: got {got}, want an assignment or a call",
        "a value that is no statement",
        "A line assigns, calls, or begins with if, for, def or return.",
        "$host\n",
    ),
    Entry(
        "call-parentheses",
        "error",
        "a call needs parentheses: got {got} after '{name}', want '{name}(...)'",
        "a call without parentheses",
        "Arguments stand in parentheses.",
        "say 'hello'\n",
    ),
    Entry(
        "unknown-statement",
        "error",
        "there is no '{word}' statement",
        "a statement of another language",
        "The statements are assignment, call, if, for, def and return. There is no endless loop, and no break or "
        "continue: put a loop into a function and return from it.",
        "while $arg_a {\n}\n",
        "{instead}",
    ),
    Entry(
        "no-elif",
        "error",
        "there is no '{word}', want 'else' with an 'if' in its block",
        "elif or a relative",
        "Nest an `if` in the `else` block. `else if` is accepted here too, not by the vendor.",
        "if $arg_a {\n} elif $arg_b {\n}\n",
        "'else if' is accepted as well",
    ),
    Entry(
        "function-keyword",
        "error",
        "got '{word}', want 'def' to define a function",
        "a function defined with another word",
        "Functions are written `def name(a, b) { ... }`.",
        "function f(a) {\n    return a\n}\n",
    ),
    Entry(
        "declaration-keyword",
        "error",
        "variables need no declaration: got '{word} {name}', want '{name}'",
        "a declared variable",
        "A variable begins to be with its first assignment.",
        "local x = 1\n",
    ),
    Entry(
        "else-without-if",
        "error",
        "'else' follows no if block",
        "else without if",
        "`else` stands after the `}` of an if block.",
        "else {\n}\n",
    ),
    Entry(
        "keyword-as-name",
        "error",
        "'{word}' is a keyword, want a name",
        "a keyword used as a name",
        "if, else, def, return, for, in, true and false cannot name variables or functions.",
        "def for(a) {\n}\n",
    ),
    Entry(
        "for-header",
        "error",
        "unexpected {got} in the for line, want 'for k, v in d {{'",
        "a for line of another shape",
        "A loop walks a dictionary or array and names two variables, for the key and the value. There is no counting "
        "loop.",
        "for v in ['a'] {\n}\n",
    ),
    Entry(
        "def-header",
        "error",
        "unexpected {got} in the def line, want 'def name(a, b) {{'",
        "a def line of another shape",
        "A function is `def`, a name, parameter names in parentheses, and a block.",
        "def f {\n}\n",
    ),
    Entry(
        "parameter-default",
        "error",
        "parameters have no default values: got '=', want ',' or ')'",
        "a parameter with a default value",
        "Pass every argument, or a dictionary.",
        "def f(a = 1) {\n}\n",
    ),
    Entry(
        "unexpected-token",
        "error",
        "unexpected {got}, want {want}",
        "something that does not fit",
        "The line could be read up to this place; the message says what could follow.",
        "x = 1 else\n",
    ),
    # --- names -------------------------------------------------------------------------------------------------
    Entry(
        "position-unknown",
        "error",
        "got position '{got}', want head or foot",
        "an unknown position",
        "A first comment line `# position: foot` says where the script runs: head (the default) before the site's "
        "configuration, foot after it.",
        "# position: middle\n",
    ),
    Entry(
        "position-ignored",
        "warning",
        "this comment does not set the position, want '# position: {want}' as the first comment line",
        "a comment that looks as if it set the position",
        "The position is read from the first comment alone, in small letters and with a colon, where nothing but blank "
        "lines stands before it. Without such a comment a script runs in head.",
        "# A note\n# Position: foot\n",
        "the script runs in {got}",
    ),
    Entry(
        "unknown-function",
        "error",
        "unknown function '{name}'",
        "a function that does not exist",
        "Neither the script nor the language has a function of this name. When run, this is error 400.",
        "say(lenght($uri))\n",
        "{advice}",
    ),
    Entry(
        "dollar-function",
        "error",
        "functions are written without '$': got '{name}'",
        "a function name with `$`",
        "`$` stresses a variable; function names never have it.",
        "$say('a')\n",
    ),
    Entry(
        "read-only-variable",
        "error",
        "'{name}' is a built-in variable and cannot be {what}",
        "a built-in variable is assigned",
        "Built-in variables are read-only, with or without `$`, and no custom variable, parameter or loop variable may "
        "have the name of one. All names that begin with arg_, http_ and cookie_ are built-in.",
        "host = 'a.example'\n",
    ),
    Entry(
        "duplicate-function",
        "error",
        "function '{name}' is defined twice",
        "two functions of one name",
        "Each function of a script has a name of its own.",
        "def f() {\n}\ndef f() {\n}\nf()\n",
        related="first defined here",
    ),
    Entry(
        "duplicate-parameter",
        "error",
        "parameter '{name}' is named twice",
        "two parameters of one name",
        "Parameters, and the two variables of a for line, have different names.",
        "def f(a, a) {\n    say(a)\n}\nf(1, 2)\n",
    ),
    Entry(
        "nested-function",
        "error",
        "function '{name}' is defined inside another function, want it at script level",
        "a function inside a function",
        "`def` stands at script level only, so that every call knows its function and no function sees the variables of "
        "another.",
        "def f() {\n    def g() {\n    }\n    g()\n}\nf()\n",
    ),
    Entry(
        "unassigned-variable",
        "warning",
        "variable '{name}' is never assigned, so it is undef",
        "a variable that nothing assigns",
        "Reading it is no error (U-8): the value is undef, which is false. Mostly it is a typing mistake.",
        "say(greting)\n",
        "{advice}",
    ),
    Entry(
        "null-literal",
        "warning",
        "there is no '{name}' literal: this is a variable that is never assigned",
        "nil or null as a value",
        "undef has no literal. not(x) asks whether x is undef or false; null(x) asks whether it is an empty string or "
        "dictionary.",
        "if eq($arg_a, nil) {\n}\n",
        "ask with not(x) whether x is absent",
    ),
    Entry(
        "hides-builtin",
        "warning",
        "function '{name}' takes the place of the built-in one",
        "a custom function with the name of a builtin",
        "All calls in this script reach the custom function. The vendor does not say what happens there.",
        "def len(a) {\n    return a\n}\nsay(len('a'))\n",
    ),
    Entry(
        "hides-function",
        "warning",
        "variable '{name}' has the name of a function, which can now be called but not passed",
        "a variable with the name of a custom function",
        "A bare name is the variable; only `name(...)` reaches the function.",
        "def f() {\n}\nf = 1\nf()\nsay(f)\n",
        related="the function is defined here",
    ),
    Entry(
        "recursive-function",
        "warning",
        "function '{name}' can call itself{through}",
        "recursion",
        "Calls inside each other are bounded (50 deep by default), so recursion over data of unknown depth ends "
        "with error 408.",
        "def f(n) {\n    return f(n)\n}\nf(1)\n",
    ),
    Entry(
        "cost-over-budget",
        "warning",
        "a run can use {fuel} units of fuel on an ordinary request, want at most {budget}",
        "the worst case is over what a run may spend",
        "A run that uses up its fuel ends with error 407. Mostly it is a loop inside a loop, each as long as a client "
        "likes: look the inner one up in a dictionary instead (`split_as_key`), or cut what is split. `edgescript cost` "
        "shows the dearest lines, also for the largest requests a node takes.",
        "for _i, a in split($args, '&') {\n    for _j, b in split($args, '&') {\n        say(concat(a, b))\n    }\n}\n",
    ),
    Entry(
        "unused-variable",
        "warning",
        "variable '{name}' is assigned but never read",
        "a variable that nothing reads",
        "The assignment can go, or the name is mistyped here or where it should be read. A name that begins with `_` "
        "is meant to be unused.",
        "greeting = 'hi'\n",
    ),
    Entry(
        "unused-function",
        "warning",
        "function '{name}' is never used",
        "a function that nothing calls",
        "It is neither called nor passed. A name that begins with `_` is meant to be unused.",
        "def f() {\n}\n",
    ),
    # --- meaning -----------------------------------------------------------------------------------------------
    Entry(
        "argument-count",
        "error",
        "{function} got {got}, want {want}",
        "too few or too many arguments",
        "Optional parameters are shown in brackets. When run, this is error 401.",
        "say(substr($uri, 1))\n",
        "{signature}",
    ),
    Entry(
        "argument-type",
        "error",
        "{function} got {got} for '{parameter}', want {want}",
        "an argument of the wrong type",
        "The value is written out, and of a type this parameter does not take. Nothing is converted by itself: use "
        "tonumber and tostring. When run, this is one of the errors 402 to 406.",
        "say(add('1', 2))\n",
    ),
    Entry(
        "argument-type-at-run",
        "warning",
        "{function} got {got} for '{parameter}', want {want}: run-time error {number}",
        "an argument that can only be of the wrong type",
        "Arguments, headers and cookies are strings or undef, and each function gives values of its own types. Nothing is "
        "converted by itself, so this call ends the script whenever it is reached. The script can be published "
        "all the same: the call may never be reached.",
        "say(add($arg_q, 1))\n",
        "{advice}",
    ),
    Entry(
        "argument-value",
        "error",
        "{reason}",
        "an argument that the function does not take",
        "The literal is of the right type, but no value this function knows; `edgescript doc` says which it takes. When "
        "run, the call ends the script, mostly with error 499.",
        "rewrite('/x', 'last')\n",
    ),
    Entry(
        "always-false",
        "warning",
        "{function} does nothing with these arguments and returns false",
        "a call that can only return false",
        "The function answers what it cannot do with false. Headers that frame a message, such as Content-Length, are the "
        "node's own, and names with spaces or colons are no header names.",
        "add_rsp_header('Content-Length', '5')\n",
    ),
    Entry(
        "bad-pattern",
        "error",
        "bad regex '{pattern}': {reason}",
        "a regular expression that is refused",
        "Literal patterns are compiled with the script, so mistakes show before a request does. Patterns that could "
        "take exponential time on either engine are refused too.",
        "say(match_re($uri, '(a'))\n",
    ),
    Entry(
        "bad-loop-value",
        "error",
        "for got {got}, want a dictionary",
        "a loop over something that is no dictionary",
        "Loops walk dictionaries and arrays. Split a text first. When run, this is error 404.",
        "for k, v in 'abc' {\n    say(concat(k, v))\n}\n",
        "{advice}",
    ),
    Entry(
        "bad-loop-value-at-run",
        "warning",
        "for got {got}, want a dictionary: run-time error 404",
        "a loop over what can only be no dictionary",
        "Loops walk dictionaries and arrays, and this value is neither, so the loop ends the script whenever it is "
        "reached. Split a text first.",
        "for k, v in $uri {\n    say(concat(k, v))\n}\n",
        "{advice}",
    ),
    Entry(
        "unreachable-code",
        "warning",
        "this is never reached",
        "code after the end",
        "The statement before always leaves the function or ends the request.",
        "exit(403)\nsay('a')\n",
        related="this always ends here",
    ),
    Entry(
        "constant-condition",
        "warning",
        "condition is always {outcome}: got {got}",
        "a condition that cannot change",
        "Only undef and false are false. Numbers (0 too), strings (the empty one too) and dictionaries are always "
        "true: compare with eq, or ask null(x) for emptiness, which is false of undef.",
        "if len($uri) {\n    say('a')\n}\n",
        "{advice}",
    ),
    Entry(
        "never-equal",
        "warning",
        "{function} compares {left} with {right}, which are never equal",
        "a comparison of two types",
        "Values of different types are never equal, '1' and 1 neither. Convert one of them with tonumber or tostring.",
        "if eq(len($uri), '10') {\n}\n",
        "{advice}",
    ),
    Entry(
        "duplicate-key",
        "warning",
        "key {key} is given twice, the later value counts",
        "a key twice in one literal",
        "The literal is built in order, so the first value is lost.",
        "d = ['a' = 1, 'a' = 2]\nsay(json_enc(d))\n",
        related="first given here",
    ),
    Entry(
        "unused-result",
        "warning",
        "the result of {function} is dropped, and it does nothing else",
        "a call without use",
        "The function only computes a value. Assign it, or remove the line.",
        "lower($uri)\n",
    ),
    Entry(
        "wrong-position",
        "warning",
        "{function} is meant for position {want}, this script runs in {got}",
        "a function of the other position",
        "Scripts of foot run after all of head and may overrule this; an error in head refuses the request.",
        "set_cache_ttl('path', 10)\n",
        "write '# position: {want}' in the first line",
    ),
    # --- what a run would show -------------------------------------------------------------------------------------
    Entry(
        "missing-guard",
        "warning",
        "{got} can be {missing}, and {function} wants {want} for '{parameter}': run-time error {number} when it is",
        "a value that may be missing, used without a test",
        "An argument, header or cookie that a request does not have is undef, and req_cookie and its relatives, tonumber "
        "of a text that is no number, or get of an absent entry give false. Passing either where a string or number is "
        "wanted ends the script. Test the value on the way: around the call, in an and() before it, or with an exit or "
        "return when it is missing. In a condition that refuses, as in if ne($arg_sign, x) {{ exit(403) }}, an and() would "
        "let requests without the value pass: exit before it. null(x) is no such test: of undef and false it is false.",
        "say(upper($arg_name))\n",
        "test it first: if not({got}) {{ exit(400) }}; or and({got}, ...), where a true condition refuses nothing",
    ),
    Entry(
        "return-status",
        "warning",
        "return {got} answers nothing: the request goes on",
        "a status returned where one is to be answered",
        "return ends the script and says whether it hit; only exit answers a request. What return gives at script level is "
        "looked at for true and false alone.",
        "if not($arg_token) {\n    return 403\n}\n",
        "did you mean 'exit({got})'?",
    ),
    Entry(
        "false-in-text",
        "hint",
        "{got} can be false, and {function} then puts the word 'false' into the text",
        "a value that may be false, joined to a text",
        "concat takes booleans, so an absent cookie or an unknown country does no harm but leaves the word false in "
        "the text. Test it, or set a text of your own first.",
        "add_rsp_header('X-Group', concat('g-', req_cookie('g')))\n",
        "if the word is not meant, test {got} first",
    ),
    Entry(
        "settled-condition",
        "warning",
        "this is always {outcome} here, since {got} was tested before",
        "a condition that earlier ones have settled",
        "Around this condition, or before it with an early exit, the same thing was asked already, or the value is known "
        "to be another one. A condition that is always false keeps its block from ever running: a refusal there refuses "
        "nothing. Two comparisons with different values belong into or(), two negated ones into and().",
        "if and(eq($uri, '/a'), eq($uri, '/b')) {\n    exit(403)\n}\n",
        related="settled here",
    ),
    Entry(
        "self-comparison",
        "warning",
        "{function} compares {got} with itself",
        "a value compared with itself",
        "The answer is known without the request. One side is meant to be something else.",
        "if eq($uri, $uri) {\n    exit(403)\n}\n",
    ),
    Entry(
        "same-arms",
        "warning",
        "both arms do the same",
        "if and else with the same statements",
        "Whatever the condition says, the same happens. One of the arms was copied and not changed, or the if can go.",
        "if $arg_a {\n    exit(403)\n} else {\n    exit(403)\n}\n",
    ),
    Entry(
        "or-default",
        "warning",
        "{function} is always true: got {got} among its conditions",
        "a value in an or",
        "or() gives true or false, never one of its arguments, and a string or number is true. So it is no way to a "
        "default, and or(eq(x, 'a'), 'b') does not compare twice. For a default assign it first and replace it in an if "
        "block; to compare twice write or(eq(x, 'a'), eq(x, 'b')).",
        "name = or($arg_name, 'nobody')\nsay(name)\n",
        "or gives a boolean: assign the default first, then replace it where there is a value",
    ),
    Entry(
        "and-literal",
        "warning",
        "{got} among the conditions of {function} is always true",
        "a value in an and",
        "and() gives true or false, never one of its arguments, and a string or number is true. Mostly the literal lacks "
        "a comparison: and(x, eq(y, 'a')).",
        "if and($arg_a, 'b') {\n    exit(403)\n}\n",
    ),
    Entry(
        "never-occurs",
        "warning",
        "{place} is never '{got}': {reason}",
        "a comparison with a value that does not occur",
        "Comparisons are exact. Methods are sent in capitals, hosts have neither scheme nor capitals, paths begin with a "
        "slash and have no query, and type() has names of its own: a dictionary is a table, undef is nil.",
        "if eq($request_method, 'get') {\n    exit(405)\n}\n",
    ),
    Entry(
        "pattern-as-text",
        "warning",
        "'{got}' looks like a pattern, but {function} compares it as plain text",
        "a pattern without re:",
        "The request functions compare with the whole value, letter by letter. A regular expression begins with `re:`, "
        "and there are no wildcards.",
        "if req_uri('^/private/') {\n    exit(403)\n}\n",
        "for a regular expression write 're:...'",
    ),
    Entry(
        "lua-pattern",
        "warning",
        "'{got}' is an escape of Lua's patterns; in a regex '%' is a percent sign",
        "a pattern of Lua in place of a regular expression",
        "Patterns are regular expressions (PCRE), whose escape is the backslash: `\\.`, `\\d`, `\\w`. Written with "
        "`%`, the pattern asks for a percent sign and matches nothing it is meant to (U-27).",
        "if match_re($uri, '%.jpg$') {\n    exit(403)\n}\n",
        "did you mean '{want}'?",
    ),
    Entry(
        "glob-pattern",
        "warning",
        "'{got}' reads as a wildcard, but '*' repeats what stands before it",
        "a wildcard in place of a regular expression",
        "In a regular expression `*` means any number of the character before it, none included, and `.` is any "
        "character. `^/images/` is what begins with /images/, `[.]jpg$` what ends with .jpg.",
        "if match_re($uri, '/images/*') {\n    exit(403)\n}\n",
        "write '^/dir/' for what begins so, '[.]ext$' for what ends so",
    ),
    Entry(
        "unescaped-dot",
        "hint",
        "'.' in '{got}' is any character",
        "a dot in a pattern that is meant as a dot",
        "`.jpg$` also matches /xjpg. A dot alone is written `\\.` or `[.]`.",
        "if match_re($uri, '.jpg$') {\n    exit(403)\n}\n",
        "write '[.]' for a dot",
    ),
    Entry(
        "loose-host",
        "hint",
        "'{got}' also matches hosts that go on behind it",
        "a host pattern without an end",
        "A pattern is searched anywhere in the value, so that of a host without `$` at its end lets in "
        "example.com.evil.example. For a Referer, end the host with a slash: `^https?://([^/]*[.])?example[.]com/`.",
        "if match_re($host, 'example[.]com') {\n    exit(403)\n}\n",
        "end it with '$', and begin it with '^' or '(^|[.])'",
    ),
    Entry(
        "zero-position",
        "warning",
        "{what} from 1, there is none 0",
        "position 0",
        "The first character, entry or part has number 1, the last -1 where counting from the end is possible.",
        "say(substr($uri, 0, 5))\n",
    ),
    Entry(
        "too-late",
        "warning",
        "{function} comes too late: the request has gone to the origin by then",
        "an effect on the request behind its response",
        "A script that asks for a header of the response goes on when that is there. What acts on the request to the "
        "origin (its headers, its URI) belongs before that call; headers of the response, cache lifetime and speed can "
        "still be set (U-17).",
        "if get_rsp_header('x-a') {\n    add_req_header('X-B', '1')\n}\n",
        related="the script waits for the response here",
    ),
    # --- what can go ---------------------------------------------------------------------------------------------
    Entry(
        "overwritten-value",
        "warning",
        "the value of '{name}' is replaced before anything reads it",
        "an assignment without use",
        "Between this assignment and the next nothing reads the variable. One of the two names is wrong, or this "
        "line can go.",
        "x = lower($host)\nx = upper($host)\nsay(x)\n",
        related="replaced here",
    ),
    Entry(
        "unused-parameter",
        "warning",
        "parameter '{name}' of '{function}' is never read",
        "a parameter that nothing reads",
        "Callers pass it for nothing. Functions given to foreach or arr_sort must take what they are given and are not "
        "reported. A name that begins with `_` is meant to be unused.",
        "def f(a, b) {\n    return a\n}\nsay(f(1, 2))\n",
    ),
    Entry(
        "empty-block",
        "hint",
        "the block of this {word} is empty",
        "a block without statements",
        "Nothing happens in it, though the script counts as a hit when it is taken. A comment in it says that this is "
        "meant; to act on the opposite write not(...).",
        "if $arg_a {\n}\n",
    ),
    Entry(
        "secret-in-script",
        "hint",
        "a secret stands in the script",
        "a key or password in plain text",
        "Whoever can read the script, its versions or a copy in a repository can sign requests. Keep a key of its own for "
        "each site and purpose, take several by name (get(keys, $arg_key)) so that one can be replaced without cutting "
        "anybody off, and put the value in when the script is published. Where that is settled, silence the line.",
        "if ne($arg_sign, md5(concat('s3cret', $uri))) {\n    exit(403)\n}\n",
        "replace it when the script is published, or write '# check: ignore[secret-in-script]'",
    ),
    Entry(
        "unused-ignore",
        "warning",
        "this comment silences nothing: {reason}",
        "an ignore comment without effect",
        "`# check: ignore[code]` silences that warning, hint or compat finding on its line or, alone on a line, on the "
        "next. Errors cannot be silenced. Where nothing is reported any more the comment should go, so that it does not "
        "hide what comes later.",
        "say('a')  # check: ignore[unused-variable]\n",
    ),
    # --- accepted extensions -----------------------------------------------------------------------------------
    Entry(
        "compat-double-quote",
        "compat",
        "the vendor forbids double quotes anywhere in a script",
        "a double quote inside a string or comment",
        "The documented language declares double quotes forbidden in the script text (U-3); tochar(34) makes one.",
        "say('a \"b\"')\n",
    ),
    Entry(
        "compat-double-quoted-string",
        "compat",
        "the vendor has strings in single quotes only",
        "a string in double quotes",
        "The documented language forbids double quotes (U-3). `fmt` writes single ones.",
        'say("a")\n',
    ),
    Entry(
        "compat-slash-comment",
        "compat",
        "the vendor documents '#' as the only comment marker",
        "a comment that begins with `//`",
        "Some snippets of the documentation use `//`, the syntax page does not (U-1).",
        "// a note\n",
    ),
    Entry(
        "compat-dash-comment",
        "compat",
        "the vendor documents '#' as the only comment marker",
        "a comment that begins with `--`",
        "A page of the documentation has notes that begin with `--`, as in Lua; the syntax page does not (U-1).",
        "-- a note\n",
    ),
    Entry(
        "compat-quote-escape",
        "compat",
        "the vendor documents no escape for a quote",
        "the escape \\'",
        "tochar(39) makes a quote everywhere (U-4).",
        "say('it\\'s')\n",
    ),
    Entry(
        "compat-one-line-block",
        "compat",
        "the vendor wants the statements of a block on lines of their own",
        "a block on one line",
        "The documented language has one statement a line (U-2).",
        "if $arg_a { say('a') }\n",
    ),
    Entry(
        "compat-def-in-block",
        "compat",
        "the vendor shows 'def' at script level only",
        "a function defined inside a block",
        "The function is known in the whole script, whether the block is entered or not. No page shows another place "
        "for `def` than script level.",
        "if $arg_a {\n    def f() {\n    }\n}\nf()\n",
    ),
    Entry(
        "compat-else-if",
        "compat",
        "the vendor has no 'else if'",
        "else if",
        "In the documented language the second `if` goes inside the `else` block.",
        "if $arg_a {\n} else if $arg_b {\n}\n",
    ),
    Entry(
        "compat-else-line",
        "compat",
        "the vendor wants 'else' on the line of the '}}' before it",
        "else on a line of its own",
        "The documented layout is `} else {`.",
        "if $arg_a {\n}\nelse {\n}\n",
    ),
    Entry(
        "compat-parentheses",
        "compat",
        "the vendor documents no parentheses around a value",
        "parentheses that are no call",
        "Conditions need none, and there are no operators to group.",
        "if ($arg_a) {\n}\n",
    ),
    Entry(
        "compat-trailing-comma",
        "compat",
        "the vendor documents no comma after the last entry",
        "a comma before `]`",
        "It is handy where entries stand on lines of their own; the vendor does not document it.",
        "d = ['a', 'b',]\nsay(json_enc(d))\n",
    ),
    Entry(
        "compat-mixed-literal",
        "compat",
        "the vendor does not describe entries with and without keys in one literal",
        "a literal with both kinds of entries",
        "Entries without a key are numbered from 1 in their order.",
        "d = ['a', 'k' = 'b']\nsay(json_enc(d))\n",
    ),
    Entry(
        "compat-dollar",
        "compat",
        "the vendor documents '$' for built-in variables only, got '{name}'",
        "`$` on a custom variable",
        "The publishing check was seen to accept it; no page says so.",
        "x = 1\nsay($x)\n",
    ),
    Entry(
        "compat-call-before-def",
        "compat",
        "the vendor shows no call of a function before its definition, got '{name}'",
        "a call above the definition",
        "Here functions are known in the whole script. All documented examples define before use.",
        "f()\ndef f() {\n}\n",
        related="defined here",
    ),
    Entry(
        "compat-extension",
        "compat",
        "the vendor has no function '{name}'",
        "a builtin the vendor does not have",
        "The function exists here only; the script cannot move back.",
        "limit_req('k', 10)\n",
    ),
)

CATALOGUE: Final = {entry.code: entry for entry in _ENTRIES}
assert len(CATALOGUE) == len(_ENTRIES), "a code is used twice"
