"""The screen and the keyboard: all that a session shows or asks goes through here."""

import sys
import time
from collections.abc import Callable, Sequence

from prompt_toolkit import PromptSession
from prompt_toolkit.application import get_app
from prompt_toolkit.document import Document
from prompt_toolkit.formatted_text import FormattedText
from prompt_toolkit.key_binding import KeyBindings
from prompt_toolkit.key_binding.key_processor import KeyPressEvent
from rich.console import Console
from rich.padding import Padding
from rich.text import Text


class Leave(Exception):
    """The user goes; everything typed is kept."""


class Terminal:
    """A person's terminal: rich prints, prompt_toolkit reads. Without a terminal, lines of standard input."""

    def __init__(self) -> None:
        self.console = Console(highlight=False, width=min(Console().width, 100))
        self.interactive = sys.stdin.isatty() and sys.stdout.isatty()

    def heading(self, text: str) -> None:
        self.console.print()
        self.console.rule(Text(text, style="bold"), align="left", style="dim")

    def show(self, text: str, *, style: str = "", indent: int = 0) -> None:
        """Plain text, wrapped; nothing in it is markup."""
        self.console.print(Padding(Text(text.rstrip(), style=style), (0, 0, 0, indent)))

    def write(
        self,
        draft: str,
        keep: Callable[[str], None],
        *,
        ends: float | None = None,
        hint: str = "",
        single: bool = False,
    ) -> str:
        """What the user types, `draft` being there already; `keep` gets the text with every key.

        Ends with an empty line (with Enter, if `single`), with Ctrl-D, or at the moment `ends` of
        time.monotonic(). Raises Leave for Ctrl-C.
        """
        if not self.interactive:
            return self._lines(draft, keep, single)
        session: PromptSession[str] = PromptSession(multiline=not single, key_bindings=_keys(single))
        session.default_buffer.on_text_changed += lambda buffer: keep(buffer.text)

        def toolbar() -> FormattedText:
            if ends is not None and time.monotonic() >= ends:
                get_app().exit(result=session.default_buffer.text)
            left = "" if ends is None else f" {clock(ends - time.monotonic())} left "
            return FormattedText([("", f"{left} {hint}")])

        try:
            return session.prompt("> ", default=draft, bottom_toolbar=toolbar, refresh_interval=0.5).strip()
        except KeyboardInterrupt:
            raise Leave from None

    def _lines(self, draft: str, keep: Callable[[str], None], single: bool) -> str:
        text = draft
        for line in sys.stdin:
            if not line.strip():
                return text.strip()
            text = f"{text}\n{line.rstrip()}" if text else line.rstrip()
            keep(text)
            if single:
                return text.strip()
        raise Leave

    def key(self, question: str, choices: Sequence[str]) -> str:
        """One of the keys in `choices`; Enter stands for the last. Raises Leave for Ctrl-C and Ctrl-D."""
        if not self.interactive:
            line = sys.stdin.readline()
            if not line:
                raise Leave
            return line.strip() if line.strip() in choices else choices[-1]
        keys = KeyBindings()
        for pressed, choice in (*((choice, choice) for choice in choices), ("enter", choices[-1])):
            keys.add(pressed)(lambda event, chosen=choice: _chosen(event, chosen))
        try:
            return str(PromptSession[str](key_bindings=keys).prompt(f"{question} [{'/'.join(choices)}] "))
        except (KeyboardInterrupt, EOFError):
            raise Leave from None


def clock(seconds: float) -> str:
    """'4:05' of 245 seconds."""
    minutes, rest = divmod(max(0, round(seconds)), 60)
    return f"{minutes}:{rest:02d}"


def _chosen(event: KeyPressEvent, choice: str) -> None:
    event.current_buffer.text = choice  # so that it stays on the screen
    event.app.exit(result=choice)


def _keys(single: bool) -> KeyBindings:
    keys = KeyBindings()

    @keys.add("enter")
    def enter(event: KeyPressEvent) -> None:
        document: Document = event.current_buffer.document
        if single or not document.current_line.strip():
            event.current_buffer.validate_and_handle()
        else:
            event.current_buffer.insert_text("\n")

    @keys.add("c-d")
    def done(event: KeyPressEvent) -> None:
        event.current_buffer.validate_and_handle()

    return keys
