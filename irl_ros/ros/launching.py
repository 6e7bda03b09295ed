# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What the launch files share. Needs `launch`, which comes with an installed ROS 2 only."""

from collections.abc import Sequence
from pathlib import Path

from launch import Action, LaunchContext, LaunchDescriptionEntity
from launch.actions import EmitEvent, ExecuteProcess, LogInfo, OpaqueFunction, RegisterEventHandler
from launch.event_handlers import OnProcessExit
from launch.events import Shutdown
from launch.events.process import ProcessExited
from launch.substitutions import LaunchConfiguration, PathJoinSubstitution
from launch_ros.actions import Node
from launch_ros.parameter_descriptions import ParameterValue
from launch_ros.substitutions import FindPackageShare


def config(name: str) -> PathJoinSubstitution:
    """Return the path of a file in the package's ``config``."""
    return PathJoinSubstitution([FindPackageShare("irl_ros"), "config", name])


def text(argument: str) -> ParameterValue:
    """Return an argument as a parameter that is a text even if it looks like a number."""
    return ParameterValue(LaunchConfiguration(argument), value_type=str)


def whole(argument: str) -> ParameterValue:
    """Return an argument as a parameter that is a whole number."""
    return ParameterValue(LaunchConfiguration(argument), value_type=int)


def node(executable: str, parameters: list[object], **options: object) -> Node:
    """Return a node of this package."""
    # On a busy machine an orderly end takes longer than the five seconds of the default.
    standard = {"output": "screen", "emulate_tty": True, "sigterm_timeout": "15"}
    return Node(
        package="irl_ros",
        executable=executable,
        name=executable,
        parameters=parameters,
        **(standard | options),
    )


def check_arguments(
    *, files: Sequence[str] = (), numbers: Sequence[str] = (), own_arm_config: str = ""
) -> OpaqueFunction:
    """Return an action that ends the launch, before any node starts, if an argument is wrong.

    ROS itself goes on without a parameter file that does not exist. An arm would then be moved
    with the limits and through the interface of another.

    Args:
        files: Arguments that name a file.
        numbers: Arguments that are whole numbers.
        own_arm_config: Name of the default of ``arm_config``, which describes the simulated arm
            and is refused where ``sim`` is false; empty to allow it.
    """

    def check(context: LaunchContext) -> None:
        def value(argument: str) -> str:
            return str(LaunchConfiguration(argument).perform(context))

        for argument in files:
            if not Path(value(argument)).is_file():
                raise RuntimeError(
                    f"{argument} = {value(argument)!r}: there is no such file; nothing was started"
                )
        for argument in numbers:
            try:
                int(value(argument))
            except ValueError:
                raise RuntimeError(
                    f"{argument} = {value(argument)!r}; give a whole number"
                ) from None
        if own_arm_config and value("sim") == "false":
            simulated = config(own_arm_config).perform(context)
            if value("arm_config") == simulated:
                raise RuntimeError(
                    "sim:=false needs arm_config, which says what arm it is; give a file such as "
                    f"{Path(simulated).parent / 'arms' / 'fr3.yaml'} or one of your own"
                )

    return OpaqueFunction(function=check)


def when_done(
    process: ExecuteProcess,
    stage: str,
    following: Sequence[LaunchDescriptionEntity] | None = None,
    **options: object,
) -> Action:
    """Return what follows when a process ends by itself: the end of all, unless something else is.

    If it fails, the launch ends all others in an orderly way, and fails.

    Args:
        process: What ends.
        stage: What it does, for the log.
        following: What comes next.
        options: Of the handler, such as its condition.
    """

    def go_on(event: ProcessExited, context: LaunchContext) -> list[LaunchDescriptionEntity]:
        # A second shutdown, while Ctrl-C is being handled, would end launch with an error.
        if context.is_shutdown:
            return []
        if event.returncode != 0:
            raise RuntimeError(f"{stage} failed with code {event.returncode}; see above")
        reason = f"{stage} is finished"
        end = [EmitEvent(event=Shutdown(reason=reason))]
        return [LogInfo(msg=reason), *(end if following is None else following)]

    return RegisterEventHandler(OnProcessExit(target_action=process, on_exit=go_on), **options)
