# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Processes of nodes: parameters in, exit codes out, and a last command on the way."""

import signal

import pytest
from harness import NodeProcess, RosHarness
from rcl_interfaces.msg import Parameter, ParameterType, ParameterValue
from rcl_interfaces.srv import DescribeParameters, SetParameters
from std_msgs.msg import String

from irl_ros.ros import qos

pytestmark = pytest.mark.ros


def start(ros: RosHarness, *arguments: str, **parameters: object) -> NodeProcess:
    return ros.start("demo_node", parameters, arguments=arguments)


@pytest.mark.parametrize("arguments", [(), ("loop", "forever")])
@pytest.mark.parametrize(
    "signals",
    [("SIGINT",), ("SIGTERM",), ("SIGHUP",), ("SIGQUIT",), ("SIGINT", "SIGINT", "SIGTERM")],
)
def test_signals_end_it_cleanly_after_the_last_words(
    ros: RosHarness, arguments: tuple[str, ...], signals: tuple[str, ...]
) -> None:
    heard = ros.collect(String, "last_words", qos.event())
    process = start(ros, *arguments)
    ros.wait_for_output(process, "somebody listens")
    process.expected_to_end = True
    for name in signals:
        process.popen.send_signal(getattr(signal, name))
    ros.wait_until(lambda: heard, "the last words are heard")
    assert ros.wait_for_end(process) == 0
    assert [message.data for message in heard] == ["stop"]


@pytest.mark.parametrize("arguments", [(), ("loop", "forever")])
@pytest.mark.parametrize(
    ("mode", "code", "told"),
    [
        ("raise", 1, "unexpected ValueError: a surprise"),
        ("data", 1, "value 7 is above 5; give less"),
        ("exit", 0, "all done"),
        ("three", 3, "not done"),
    ],
)
def test_what_a_callback_raises_ends_the_process(
    ros: RosHarness, arguments: tuple[str, ...], mode: str, code: int, told: str
) -> None:
    process = start(ros, *arguments, mode=mode)
    assert ros.wait_for_end(process) == code
    assert told in process.output
    assert ("Traceback" in process.output) == (mode == "raise")


def test_a_closed_terminal_does_not_end_what_was_started_with_nohup(ros: RosHarness) -> None:
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        process = start(ros)  # inherits what is ignored
    finally:
        signal.signal(signal.SIGHUP, before)
    heard = ros.collect(String, "last_words", qos.event())
    ros.wait_for_output(process, "somebody listens")
    process.popen.send_signal(signal.SIGHUP)
    answer = ros.call(
        "demo_node/describe_parameters",
        DescribeParameters.Request(names=["rate"]),
        DescribeParameters,
    )
    assert answer.descriptors
    assert not heard
    assert process.interrupt() == 0


@pytest.mark.parametrize("word", ["-h", "--help"])
def test_help_is_given(ros: RosHarness, word: str) -> None:
    process = start(ros, word)
    assert ros.wait_for_end(process) == 0
    assert "A node that ends in whatever way its arguments say." in process.output
    assert "-p name:=value" in process.output


def test_an_unknown_argument_is_refused_with_one_clear_line(ros: RosHarness) -> None:
    process = start(ros, "--rate=5")
    assert ros.wait_for_end(process) == 2
    assert "demo_node: unknown argument '--rate=5'" in process.output
    assert len(process.output.splitlines()) == 1


def test_a_finished_loop_ends_the_process(ros: RosHarness) -> None:
    process = start(ros, "loop")
    assert ros.wait_for_end(process) == 0


@pytest.mark.parametrize(
    ("parameters", "told"),
    [
        ({"rate": 1000}, "rate = 1000 Hz is above its maximum 100 Hz"),
        ({"rate": "fast"}, "rate = 'fast' is a str; give a float"),
        ({"count": 2.5}, "count = 2.5 is a float; give a int"),
        ({"mode": "sleep"}, "choose one of spin, raise, data, exit, three"),
        ({"inner.sizes": [0]}, "inner.sizes = 0 is below its minimum 1"),
        ({"inner.sises": [1]}, "did you mean 'inner.sizes'"),
    ],
)
def test_wrong_parameters_end_it_with_one_clear_line(
    ros: RosHarness, parameters: dict[str, object], told: str
) -> None:
    process = start(ros, **parameters)
    assert ros.wait_for_end(process) == 1
    assert told in process.output
    assert "Traceback" not in process.output


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("/**:\n  ros__parameters:\n    rate: [1.0, two]\n", "Couldn't parse params file"),
        ("rate: 1.0\n", "Couldn't parse params file"),
    ],
)
def test_a_parameter_file_that_is_none_ends_it_with_one_clear_line(
    ros: RosHarness, text: str, told: str
) -> None:
    path = ros.folder / "wrong.yaml"
    path.write_text(text)
    process = ros.start("demo_node", params_file=path)
    assert ros.wait_for_end(process) == 1
    assert told in process.output
    assert "Traceback" not in process.output


def test_parameters_of_every_kind_arrive(ros: RosHarness) -> None:
    # The integer stands for a float.
    process = start(
        ros, rate=50, loud=True, **{"inner.sizes": [3, 4, 5], "inner.names": ["left", "right"]}
    )
    ros.wait_for_output(process, "config")
    wanted = "rate=50.0, count=3, mode='spin', loud=True"
    assert wanted in process.output
    assert "Inner(sizes=(3, 4, 5), names=('left', 'right'))" in process.output


def test_parameters_describe_themselves_and_change_within_their_limits(ros: RosHarness) -> None:
    process = start(ros)
    request = DescribeParameters.Request(names=["rate", "count", "mode"])
    answer = ros.call("demo_node/describe_parameters", request, DescribeParameters)
    rate, count, mode = answer.descriptors
    assert rate.description == "rate [Hz]"
    limits = rate.floating_point_range[0]
    assert (limits.from_value, limits.to_value, rate.read_only) == (1.0, 100.0, False)
    assert (count.integer_range[0].from_value, count.read_only) == (0, True)
    assert mode.additional_constraints == "one of spin, raise, data, exit, three"

    def change(name: str, value: ParameterValue) -> tuple[bool, str]:
        request = SetParameters.Request(parameters=[Parameter(name=name, value=value)])
        (result,) = ros.call("demo_node/set_parameters", request, SetParameters).results
        return result.successful, result.reason

    def double(value: float) -> ParameterValue:
        return ParameterValue(type=ParameterType.PARAMETER_DOUBLE, double_value=value)

    integer = ParameterValue(type=ParameterType.PARAMETER_INTEGER, integer_value=60)
    assert change("rate", double(40.0)) == (True, "")
    ros.wait_for_output(process, "now Config(rate=40.0")
    assert change("rate", integer) == (True, "")
    assert change("rate", double(1e3))[0] is False
    assert "read-only" in change("count", integer)[1]
    text = ParameterValue(type=ParameterType.PARAMETER_STRING, string_value="x")
    assert change("rate", text) == (False, "rate = 'x' is a str; give a float")
    loud = ParameterValue(type=ParameterType.PARAMETER_BOOL, bool_value=True)
    assert change("loud", loud) == (False, "too loud for that rate")
    assert change("rate", double(30.0)) == (True, "")
    assert change("loud", loud) == (True, "")
    assert process.interrupt() == 0
