"""Runs Trainer + PEFT (`peer.py`): one process, or several at once on the same device, and says how fast they train together."""

import contextlib
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent


class Failed(Exception):
    """A process ended with an error; its message is what it printed."""

    def out_of_memory(self):
        return any(words in str(self) for words in ("OutOfMemoryError", "out of memory", "can't allocate memory"))


def speed(subject, options, precision, count=1, extra=()):
    """Tokens per second of `count` processes together; None where they do not fit the device's memory.

    Each warms up and then waits until all others have, so that all of them train when time counts. The sum of their own
    speeds counts: the last ones train beside fewer others, which favours them a little.
    """
    command = [sys.executable, HERE / "peer.py", "--model", subject.folder, "--data", options.data, "--wait"]
    command += ["--targets", ",".join(subject.targets), "--steps", subject.steps, "--precision", precision, *extra]
    if options.device == "cpu":
        command.append("--cpu")
    else:
        # As long as ours, whose first epoch does not count: a GPU loads each kernel when it is first used.
        command += ["--warm-up", subject.steps]
    with tempfile.TemporaryDirectory() as folder, contextlib.ExitStack() as cleanup:
        variables = {name: str(threads(count)) for name in ("OMP_NUM_THREADS", "MKL_NUM_THREADS")}
        if count > 1 and options.device != "cpu":
            variables |= cleanup.enter_context(shared_gpu())
        logs = [pathlib.Path(folder) / f"{number}.log" for number in range(count)]
        processes = [start(command, log, variables, cleanup) for log in logs]
        try:
            for process, log in zip(processes, logs):
                wait_for_warm_up(process, log)
            for process in processes:
                process.stdin.write("go\n")
                process.stdin.flush()
            found = [result(process, log) for process, log in zip(processes, logs)]
        except Failed as failed:
            if options.device != "cpu" and failed.out_of_memory():
                return None
            sys.exit(str(failed))
    return sum(one["tokens"] / one["seconds"] for one in found)


def threads(count):
    """Of each process: they share the cores."""
    return max(1, os.cpu_count() // count)


def start(command, log, variables, cleanup):
    errors = cleanup.enter_context(open(log, "w"))
    # Popen waits for the end when it is left, which comes soon after it is killed.
    process = cleanup.enter_context(
        subprocess.Popen(
            list(map(str, command)),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
            env={**os.environ, **variables},
        )
    )
    cleanup.callback(process.kill)
    return process


def wait_for_warm_up(process, log):
    for line in process.stdout:
        if line.strip() == "warm":
            return
    raise failure(process, log)


def result(process, log):
    """The last line of what it prints."""
    lines = process.stdout.read().splitlines()
    if process.wait():
        raise failure(process, log)
    return json.loads(lines[-1])


def failure(process, log):
    """A process that was killed has printed nothing, so its exit code is told as well."""
    return Failed(f"{log.read_text()}Trainer + PEFT ended with exit code {process.wait()}")


@contextlib.contextmanager
def shared_gpu():
    """NVIDIA's multi-process service while this lasts, which lets kernels of several processes run at the same time. Yields the
    variables of processes that use it: none where it is not installed or does not start, so that processes take turns.
    """
    program = shutil.which("nvidia-cuda-mps-control")
    with tempfile.TemporaryDirectory() as folder:
        # Of these processes only: `sweep` and a single peer do not use it, and another user's service is left alone.
        variables = {"CUDA_MPS_PIPE_DIRECTORY": folder, "CUDA_MPS_LOG_DIRECTORY": folder}
        control = {"env": {**os.environ, **variables}, "capture_output": True, "text": True}
        started = program is not None and subprocess.run([program, "-d"], **control).returncode == 0
        how = "by NVIDIA's multi-process service" if started else "in turns, without NVIDIA's multi-process service"
        print(f"processes share the GPU {how}", file=sys.stderr, flush=True)
        try:
            yield variables if started else {}
        finally:
            if started:
                subprocess.run([program], input="quit\n", **control)
