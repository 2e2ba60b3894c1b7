"""`pytest autograder --submission=PATH`: the judgement of a room through pytest's own report."""

from pathlib import Path
from typing import Any

import pytest

from autograder import submission
from autograder.grade import RoomJudge, Session, Workers, find_room
from autograder.job import InfraError
from autograder.task import Check, Judge, Outcome

sessions = pytest.StashKey[dict[str, Session]]()
running = pytest.StashKey[Workers]()


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("autograder")
    group.addoption("--submission", type=Path, help="the notebook, Python file or folder to judge")
    group.addoption("--seed", type=int, default=7, help="inputs come from this seed")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Without a submission there is nothing to do; one named like a room is judged in that room alone."""
    path: Path | None = config.getoption("--submission")
    if path is None:
        for item in items:
            item.add_marker(pytest.mark.skip(reason="name a submission: pytest autograder --submission=PATH"))
        return
    topics = {item.path.stem.removeprefix("test_") for item in items}
    topic = path.stem[3:] if path.stem[:2].isdigit() else path.stem
    if topic in topics:
        others = [item for item in items if item.path.stem != f"test_{topic}"]
        items[:] = [item for item in items if item not in others]
        config.hook.pytest_deselected(items=others)


@pytest.fixture
def judge(request: pytest.FixtureRequest) -> Judge:
    """The judge of one check; tasks that follow each other share a job, as they do in `grade`."""
    found: Check = request.function.check
    session = session_of(request.config, request.path)
    if session.task != found.task:
        session.close()
        session.task = found.task
    if session.exhausted:
        pytest.fail("not run: the submission has used up its time", pytrace=False)
    return RoomJudge(session, found, [])


def session_of(config: pytest.Config, file: Path) -> Session:
    """The room's session; the workers start with the first."""
    known = config.stash.setdefault(sessions, {})
    topic = file.stem.removeprefix("test_")
    if topic not in known:
        room = find_room(topic, checks=file.parent)
        try:
            source = submission.read(config.getoption("--submission"), room.key).source
        except submission.Unreadable as error:
            pytest.exit(f"unreadable: {error}", returncode=2)
        if running not in config.stash:
            config.stash[running] = Workers()
        workers = config.stash[running]
        wanted = room.ask(source)
        known[topic] = Session(room, workers, wanted, config.getoption("--seed"), workers.learner)
    return known[topic]


@pytest.hookimpl(tryfirst=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> bool | None:
    """Call a check and say what it found without a traceback through our own code."""
    if not isinstance(getattr(pyfuncitem.function, "check", None), Check):
        return None
    message = ""
    try:
        given: Any = pyfuncitem.function(judge=pyfuncitem.funcargs["judge"])
        if given is not None and given < 1.0:
            message = f"reached {given:.0%} of the points"
    except Outcome as outcome:
        message = f"{outcome.status}: {outcome}"
    except AssertionError as failure:
        message = str(failure) or "the result is not what the contract says"
    if message:
        pytest.fail(message, pytrace=False)
    return True


def pytest_sessionfinish(session: pytest.Session) -> None:
    for opened in session.config.stash.get(sessions, {}).values():
        opened.close()
    if running in session.config.stash:
        session.config.stash[running].close()


def pytest_internalerror(excinfo: pytest.ExceptionInfo[BaseException]) -> None:
    if isinstance(excinfo.value, InfraError):
        pytest.exit(str(excinfo.value), returncode=3)
