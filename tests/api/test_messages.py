import json
from dataclasses import replace
from typing import Any

import pytest

from inference.api.codec import DecodeError
from inference.api.errors import UserError
from inference.api.findings import Finding, FindingKind, Level
from inference.api.messages import (
    PROTOCOL,
    AddModel,
    Cancel,
    Cancelled,
    CheckedUp,
    Checkup,
    Command,
    DeviceInfo,
    Download,
    Downloaded,
    Downloading,
    Event,
    Failed,
    FailureKind,
    Finish,
    Finished,
    Generate,
    Inspect,
    Inspected,
    ListModels,
    Measure,
    Measured,
    ModelInfo,
    ModelsListed,
    Notice,
    Pause,
    Paused,
    Preview,
    Progress,
    Quit,
    Ready,
    RemoveModel,
    Stage,
    StageReport,
    decode_command,
    decode_event,
    encode,
    job_in,
)
from inference.api.sentence import Sentence
from tests.tiny_model import make_request

REQUEST = make_request("demo", prompt='红\u2028\n"\\ \0 🎈', timesteps=(1000.0, 250.5))
MODEL = ModelInfo("demo", "Demo", "/红", 2**40, "fp16", "Apache-2.0", ("t2v",), True, False, ("a",))
COMMANDS: list[Command] = [
    Generate("a", REQUEST, "/clips/红 1.mp4"),
    Generate("a", REQUEST, "/clips/1.mp4", "/states/红", "/previews"),
    *(order("a") for order in (Cancel, Pause, Finish, ListModels)),
    Measure("1", "demo", "红\n"),
    Inspect("1", "/红"),
    AddModel("1", "/红"),
    RemoveModel("1", "demo"),
    Download("a", "t2v-1.3b"),
    Download("a", "t2v-1.3b", "http://mirror"),
    Checkup("1", "/clips"),
    Quit(),
]
EVENTS: list[Event] = [
    Ready(PROTOCOL, DeviceInfo("CPU")),
    Ready(PROTOCOL, DeviceInfo("RTX", 8 * 2**30, 7 * 2**30, "8.9")),
    Progress("a", Stage.DENOISE, 3, 20, 4.5),
    Progress("a", Stage.TEXT, 0, 2),
    Notice("a", "é"),
    Finished("a", "/clip", 2**32 - 1, 16, 32, 5, 1.25, (StageReport(Stage.DECODE, 0.5, 2**40, 0),)),
    Finished("a", "/clip", 0, 16, 32, 5, 1.25, ()),
    *(Failed("a", kind, "why", "how") for kind in FailureKind),
    Failed("", FailureKind.INPUT, "why"),
    Notice("a", Sentence("{a} of {b}", a=1, b=Sentence("é {c}", c="{d}"))),
    Cancelled("a"),
    Paused("a", 3, 20),
    Preview("a", 3, 20, "/红/3.rgb", 16, 8, 5),
    Measured("1", 9, 8, 30),
    Measured("1", 3, 8),
    ModelsListed("1", (MODEL, replace(MODEL, removable=True))),
    ModelsListed("1", ()),
    Inspected("1", MODEL, "It's a model."),
    Downloading("a", 2**30, 2**40),
    Downloaded("a", "/红"),
    CheckedUp("1", (Finding(FindingKind.CARD, Level.OK, {"name": "RTX"}),)),
]


def changed(message: Command | Event, /, **fields: Any) -> str:
    """The line of a message with some fields set, or left out where they are None."""
    line = json.loads(encode(message)) | fields
    return json.dumps({name: value for name, value in line.items() if value is not None})


def with_request(**fields: Any) -> str:
    request = json.loads(encode(COMMANDS[0]))["request"] | fields
    given = {name: value for name, value in request.items() if value is not None}
    return changed(COMMANDS[0], request=given)


@pytest.mark.parametrize("command", COMMANDS, ids=repr)
def test_commands_come_back(command: Command) -> None:
    line = encode(command)
    assert line.isascii()
    assert "\n" not in line
    assert decode_command(line) == decode_command(line.encode()) == command


@pytest.mark.parametrize("event", EVENTS, ids=repr)
def test_events_come_back(event: Event) -> None:
    line = encode(event)
    assert line.isascii()
    assert "\n" not in line
    assert decode_event(line) == event


def test_numbers_come_back_as_the_type_of_the_field() -> None:
    whole = decode_event(changed(EVENTS[2], seconds_left=4))
    assert isinstance(whole, Progress)
    assert type(whole.seconds_left) is float
    request = decode_command(with_request(guidance=3, timesteps=[1000, 5]))
    assert isinstance(request, Generate)
    assert request.request == replace(REQUEST, guidance=3.0, timesteps=(1000.0, 5.0))
    assert type(request.request.guidance) is type(request.request.timesteps[0]) is float


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("", "it isn't JSON: ''"),
        ("{", "it isn't JSON"),
        ("[" * 200_000, "it isn't JSON"),
        ("1" * 10_000, "it isn't JSON"),
        (b"\xff\xfe\xff", "it isn't JSON"),
        ("[1]", r"it isn't a message: '\[1\]'"),
        ("null", "it isn't a message"),
        ("{}", "it is of protocol None, not 1"),
        (changed(Quit(), v=2), "it is of protocol 2, not 1"),
        (changed(Quit(), type=None), "None is none of Generate, Download"),
        (changed(Quit(), type="Dance"), "'Dance' is none of Generate, Download"),
        (changed(Quit(), type=["Quit"]), "is none of Generate, Download"),
        (encode(Cancelled("a")), "'Cancelled' is none of Generate, Download, .*Quit"),
        (changed(Cancel("a"), speed=1), "Cancel has no field speed"),
        (changed(Cancel("a"), job=None), "Cancel lacks a field: .*'job'"),
        (changed(Cancel("a"), job=1), "Cancel.job can't be 1"),
        (changed(Cancel("a"), job=["a"]), r'Cancel.job can\'t be \["a"\]'),
        (changed(COMMANDS[0], request="x" * 99), r'Generate.request can\'t be "x{70,76}\.\.\.'),
        (changed(COMMANDS[0], request=None), "Generate lacks a field: .*'request'"),
        (with_request(seed=None), "Generate.request lacks a field: .*'seed'"),
        (with_request(sed=1), "Generate.request has no field sed"),
        (with_request(width=16.0), "Generate.request.width can't be 16.0"),
        (with_request(width=True), "Generate.request.width can't be true"),
        (with_request(guidance="3"), 'Generate.request.guidance can\'t be "3"'),
        (with_request(guidance=True), "Generate.request.guidance can't be true"),
        (with_request(guidance=10**400), "Generate.request.guidance can't be 1000"),
        (with_request(cfg_zero_star=1), "Generate.request.cfg_zero_star can't be 1"),
        (with_request(solver="runge"), 'Generate.request.solver can\'t be "runge"'),
        (with_request(timesteps=5.0), "Generate.request.timesteps can't be 5.0"),
        (with_request(timesteps=[9.0, "5"]), r"Generate.request.timesteps\[1\] can't be \"5\""),
    ],
)
def test_command_refuses(line: str | bytes, message: str) -> None:
    with pytest.raises(DecodeError, match=message) as caught:
        decode_command(line)
    assert len(str(caught.value)) < 200


def test_event_refuses_a_command() -> None:
    with pytest.raises(DecodeError, match="'Quit' is none of Ready, Progress, Preview, Notice"):
        decode_event(encode(Quit()))


def test_event_refuses_values_of_another_type() -> None:
    found = {"kind": "card", "level": "ok", "values": {"name": 8}}
    with pytest.raises(DecodeError, match=r"findings\[0\].values.name can't be 8"):
        decode_event(changed(CheckedUp("1", ()), findings=[found]))


def test_a_sentence_comes_back_with_what_it_is_made_of() -> None:
    sentence = Sentence("{a} of {b}", a=1, b=Sentence("é {c}", c="{d}"))
    heard = decode_event(encode(Notice("a", sentence)))
    assert isinstance(heard, Notice)
    assert isinstance(heard.message, Sentence)
    assert heard.message.template == sentence.template
    assert heard.message.values == {"a": "1", "b": "é {d}"}
    inner = heard.message.values["b"]
    assert isinstance(inner, Sentence)
    assert inner.values == {"c": "{d}"}


@pytest.mark.parametrize(
    "message",
    [
        7,
        {"template": "a"},
        {"template": "{b}", "values": {"a": "1"}},
        {"template": "{", "values": {"a": "1"}},
        {"template": "{a.b}", "values": {"a": "1"}},
        {"template": "a", "values": {"a": 1}},
    ],
)
def test_event_refuses_a_sentence_that_is_none(message: object) -> None:
    with pytest.raises(DecodeError, match=r"Notice.message"):
        decode_event(changed(Notice("a", "b"), message=message))


def test_a_request_that_is_not_valid_is_the_users() -> None:
    with pytest.raises(UserError, match="the nearest is 832x16"):
        decode_command(with_request(width=833))
    with pytest.raises(UserError, match="no UTF-8"):
        decode_command(with_request(prompt="\ud800"))


@pytest.mark.parametrize(
    ("line", "job"),
    [
        (with_request(width=1), "a"),
        (changed(Cancel("b"), v=7), "b"),
        (changed(ListModels("1"), v=7), "1"),
        (encode(Quit()), ""),
        (changed(Cancel("a"), job=1), ""),
        ("[]", ""),
        ("{", ""),
    ],
)
def test_job_of_a_line_that_cannot_be_obeyed(line: str, job: str) -> None:
    assert job_in(line) == job
