"""The program on a real terminal, driven by tmux: what is shown, and what a kill in mid-answer leaves."""

import os
import shlex
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from interview import bank
from interview.progress import Progress
from tools.rooms import ROOT

TMUX = shutil.which("tmux")
pytestmark = [
    pytest.mark.skipif(TMUX is None, reason="no tmux here: apt-get install tmux"),
    pytest.mark.timeout(600),
]


class Screen:
    """A terminal of 100 x 40 that runs a shell."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder  # the socket's name is relative to it: a whole path may be too long for one
        self.server = ["tmux", "-S", "socket", "-f", os.devnull]
        shell = ["new-session", "-d", "-s", "t", "-x", "100", "-y", "40", "-c", str(ROOT), "sh"]
        self.environment = {**os.environ, "LC_ALL": "C.UTF-8"}
        self.tmux(*shell)

    def tmux(self, *words: str) -> str:
        done = subprocess.run(
            [*self.server, *words], cwd=self.folder, env=self.environment, capture_output=True, text=True,
            check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        return done.stdout

    def keys(self, *keys: str) -> None:
        self.tmux("send-keys", "-t", "t", *keys)

    def text(self) -> str:
        return self.tmux("capture-pane", "-p", "-t", "t")

    def wait(self, *words: str, seconds: float = 120) -> str:
        """The screen as soon as it shows one of the words."""
        ends = time.monotonic() + seconds
        while time.monotonic() < ends:
            if any(word in self.text() for word in words):
                return self.text()
            time.sleep(0.1)
        raise AssertionError(f"{words} did not appear:\n{self.text()}")

    def run(self, *arguments: str) -> None:
        program = [sys.executable, "-m", "interview", *arguments]
        self.keys("-l", f"clear; {shlex.join(program)}; echo ended $?")
        self.keys("Enter")

    def kill(self) -> None:
        """kill -9 of the program; a new shell, since the terminal stays as the program left it."""
        shell = int(self.tmux("display-message", "-p", "-t", "t", "#{pane_pid}"))
        (program,) = psutil.Process(shell).children()
        program.kill()
        self.wait("ended 137")
        self.tmux("respawn-pane", "-k", "-t", "t", "sh")


@pytest.fixture
def screen(tmp_path: Path) -> Iterator[Screen]:
    found = Screen(tmp_path)
    yield found
    subprocess.run([*found.server, "kill-server"], cwd=tmp_path, check=False)


def test_a_quiz_killed_in_mid_word_goes_on_in_mid_word(screen: Screen, tmp_path: Path) -> None:
    question = next(q for q in bank.questions() if q.kind == "concept" and q.topic == "pruning")
    asked = ["quiz", "--count", "1", "--seed", "3", "--topic", "pruning", "--kind", "concept"]
    asked += ["--level", question.level, "--progress", str(tmp_path / "p.db")]
    screen.run(*asked)
    screen.wait("1 of 1")
    screen.wait("an empty line ends the answer")
    screen.keys("-l", "because the mask is mult")
    screen.wait("because the mask is mult")
    time.sleep(0.5)
    screen.kill()
    screen.run(*asked)
    screen.wait("An unfinished quiz of 1 goes on")
    screen.wait("because the mask is mult")
    screen.keys("-l", "iplied in")
    screen.keys("Enter", "Enter")
    shown = screen.wait("y: yes, h: half, n: no")
    assert "because the mask is multiplied in" in shown
    for _ in range(10):
        if "l: long answer" in screen.text():
            break
        screen.keys("y")
        time.sleep(0.3)
    shown = screen.wait("l: long answer")
    assert " points" in shown
    screen.keys("n")
    screen.wait("Done: 1.0 of 1 answers")
    screen.wait("ended 0")


def test_a_mock_killed_in_mid_word_goes_on_in_mid_word(screen: Screen, tmp_path: Path) -> None:
    asked = ["mock", "--minutes", "30", "--seed", "1", "--progress", str(tmp_path / "p.db")]
    screen.run(*asked)
    screen.wait("1 of ")
    screen.wait("an empty line ends the answer")
    screen.keys("-l", "the first answer, whole")
    screen.keys("Enter", "Enter")
    screen.wait("2 of ")
    screen.wait("an empty line ends the answer")
    screen.keys("-l", "the second is half fin")
    screen.wait("the second is half fin")
    time.sleep(0.5)
    screen.kill()
    store = Progress(tmp_path / "p.db")
    before = store.answers()
    assert [answer.typed for answer in before] == ["the first answer, whole", "the second is half fin"]
    screen.run(*asked)
    screen.wait("An unfinished interview goes on, its clock where it stopped")
    shown = screen.wait("the second is half fin")
    assert "2 of " in shown and "the first answer" not in shown, "the first is answered; not asked again"
    screen.keys("-l", "ished")
    screen.keys("Enter", "Enter")
    screen.wait("3 of ")
    screen.keys("C-c")
    screen.wait("The same command goes on from here")
    first, second = store.answers()[:2]
    store.close()
    assert first == before[0]
    assert second.typed == "the second is half finished" and second.answered
    assert second.seconds > before[1].seconds, "the clock went on where it stood"


def test_a_mock_shows_its_clock_and_leaves_on_ctrl_c(screen: Screen, tmp_path: Path) -> None:
    screen.run("mock", "--minutes", "20", "--seed", "1", "--progress", str(tmp_path / "p.db"))
    screen.wait("1 of ")
    shown = screen.wait(" left ")
    assert "minutes" in shown
    screen.keys("C-c")
    shown = screen.wait("ended 0")
    assert "The same command goes on from here" in shown


def test_bad_words_are_one_line_and_code_2(screen: Screen, tmp_path: Path) -> None:
    screen.run("quiz", "--topic", "prunning", "--progress", str(tmp_path / "p.db"))
    shown = screen.wait("ended 2")
    assert "no topic 'prunning'; there are:" in shown and "Traceback" not in shown
