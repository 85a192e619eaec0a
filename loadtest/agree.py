"""Do all servers give the same answer, and the right one? Asked before anything is measured."""

import http.client
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from loadtest.cases import Case

_TIMEOUT_S: Final = 30
"""A node of many sites takes connections before it has built them all."""


class DisagreementError(Exception):
    """A server answers otherwise than the case or the other servers; the text says where."""


@dataclass(frozen=True, slots=True)
class Answer:
    """A response; names of fields in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes


def ask(port: int, path: str, headers: Mapping[str, str]) -> Answer:
    """The answer of 127.0.0.1:`port`. Raises DisagreementError if it gives none."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=_TIMEOUT_S)
    try:
        connection.request("GET", path, headers=dict(headers))
        response = connection.getresponse()
        fields = {name.lower(): value for name, value in response.getheaders()}
        return Answer(response.status, fields, response.read())
    except (OSError, http.client.HTTPException) as error:
        raise DisagreementError(f"GET {path}: no answer: {error!r}") from None
    finally:
        connection.close()


_ASKED_OF_EACH: Final = 24
"""How often a URL is asked for where several workers each have a memory of their own and the kernel chooses whom it asks."""


def prime(case: Case, port: int, workers: int = 1) -> None:
    """Brings the case's objects into the cache, that of every worker."""
    if case.is_cached:
        for path in case.paths:
            for _ in range(_ASKED_OF_EACH if workers > 1 else 1):
                ask(port, path, case.ask)


def check(case: Case, name: str, port: int, reference: Mapping[str, Answer]) -> dict[str, Answer]:
    """
    The server's answer to every path, each as the case wants it and like the `reference` (empty: no other yet).

    Raises DisagreementError with every difference.
    """
    answers = {path: ask(port, path, case.ask) for path in case.paths}
    wrong = [
        f"GET {path}: {difference}"
        for path, answer in answers.items()
        for difference in differences(case, answer, reference.get(path, answer))
    ]
    if wrong:
        raise DisagreementError("\n".join([f"{name} answers otherwise in case {case.number}:", *wrong[:4]]))
    return answers


def differences(case: Case, answer: Answer, other: Answer) -> Iterator[str]:
    """What is wrong with an answer, by the case and by another server's answer to the same request."""
    if answer.status != case.status:
        yield f"status is {answer.status}, want {case.status}"
    if answer.body != case.body:
        yield f"body is {_short(answer.body)}, want {_short(case.body)}"
    for name, value in case.headers.items():
        if answer.headers.get(name) != value:
            yield f"{name} is {answer.headers.get(name)!r}, want {value!r}"
    for name in case.alike:
        if answer.headers.get(name) != other.headers.get(name):
            yield f"{name} is {answer.headers.get(name)!r}, the first server has {other.headers.get(name)!r}"


def _short(body: bytes) -> str:
    return f"{len(body)} bytes, {body[:40]!r}"
