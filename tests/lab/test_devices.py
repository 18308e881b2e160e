"""The devices of the lab, on loopback."""

from __future__ import annotations

import socket
import struct
import threading
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from socketserver import BaseServer

import pytest
from hypothesis import given
from hypothesis import strategies as st

from furka.lab.devices import HeatingController, Meter, answer_to


@contextmanager
def served(server: BaseServer) -> Iterator[None]:
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@pytest.fixture
def page() -> Iterator[str]:
    server = HeatingController(("127.0.0.1", 0), "Plant A")
    with served(server):
        yield f"http://127.0.0.1:{server.server_address[1]}"


def test_the_page_names_its_plant_and_its_visitor(page: str) -> None:
    with urllib.request.urlopen(f"{page}/", timeout=5) as answer:
        text = answer.read().decode()
    assert "<h1>Heating controller</h1>\n<p>Plant A (sample data of the lab)</p>" in text
    assert '<span id="visitor">127.0.0.1</span>' in text


def test_a_download_has_the_size_that_was_asked_for(page: str) -> None:
    with urllib.request.urlopen(f"{page}/download?mib=2", timeout=5) as answer:
        assert len(answer.read()) == 2 << 20


@pytest.mark.parametrize("path", ["/download?mib=2000", "/download?mib=-1", "/download?mib=x"])
def test_a_download_without_a_sensible_size_is_refused(page: str, path: str) -> None:
    with pytest.raises(urllib.error.HTTPError, match="400") as refused:
        urllib.request.urlopen(f"{page}{path}", timeout=5)
    refused.value.close()


def test_the_stream_numbers_its_lines(page: str) -> None:
    with urllib.request.urlopen(f"{page}/stream", timeout=5) as answer:
        assert [answer.readline() for _ in range(3)] == [b"0\n", b"1\n", b"2\n"]


def test_the_meter_reads_registers_to_two_questions_in_one_line() -> None:
    meter = Meter(("127.0.0.1", 0))
    with served(meter), socket.create_connection(("127.0.0.1", meter.server_address[1]), timeout=5) as line:
        question = struct.pack(">HHHBBHH", 7, 0, 6, 1, 3, 2, 2)
        line.sendall(question + question)
        answer = struct.pack(">HHHBBBHH", 7, 0, 7, 1, 3, 4, 1002, 1003)
        file = line.makefile("rb")
        assert file.read(2 * len(answer)) == answer + answer
        file.close()


def test_the_meter_hangs_up_on_something_else_than_modbus() -> None:
    meter = Meter(("127.0.0.1", 0))
    with served(meter), socket.create_connection(("127.0.0.1", meter.server_address[1]), timeout=5) as line:
        line.sendall(b"GET / HTTP/1.1\r\n\r\n")
        assert line.recv(100) == b""


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        (struct.pack(">BHH", 3, 0, 1), struct.pack(">BBH", 3, 2, 1000)),
        (struct.pack(">BHH", 3, 99, 1), struct.pack(">BBH", 3, 2, 1099)),
        (struct.pack(">BHH", 3, 99, 2), bytes([0x83, 2])),
        (struct.pack(">BHH", 3, 0, 0), bytes([0x83, 3])),
        (struct.pack(">BHH", 3, 0, 126), bytes([0x83, 3])),
        (bytes([3, 0]), bytes([0x83, 3])),
        (struct.pack(">BHH", 6, 0, 1), bytes([0x86, 1])),
    ],
)
def test_the_meter_answers_as_the_standard_says(question: bytes, answer: bytes) -> None:
    assert answer_to(question) == answer


@given(st.binary(min_size=1, max_size=253))
def test_law_every_question_has_an_answer_that_names_its_function(question: bytes) -> None:
    assert answer_to(question)[0] in (question[0], question[0] | 0x80)
