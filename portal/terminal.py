"""How commands speak at a terminal: trouble in one Russian sentence and exit code 1, moments with an offset."""

from collections.abc import Callable
from datetime import datetime
from functools import wraps
from typing import IO, Any

import click
from flask.cli import with_appcontext
from sqlalchemy.exc import DBAPIError

from portal import sheets


class Trouble(click.ClickException):
    """Something a person has to put right; shown as it is."""

    def show(self, file: IO[Any] | None = None) -> None:
        click.echo(self.message, err=True)


class Moment(click.ParamType[datetime]):
    """An ISO moment with an offset."""

    name = "ISO"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> datetime:
        try:
            moment = datetime.fromisoformat(str(value))
        except ValueError:
            raise Trouble(f"«{value}» — не время; напишите его как 2026-11-21T15:30+05:00.") from None
        if moment.tzinfo is None:
            raise Trouble(f"У времени «{value}» нет пояса; допишите его, например +05:00.")
        return moment


def command(group: click.Group, name: str) -> Callable[[Callable[..., None]], click.Command]:
    """A command of a group within the app. What it cannot do because of a file or the database is said in words."""

    def make(function: Callable[..., None]) -> click.Command:
        @wraps(function)
        def guarded(*args: Any, **kwargs: Any) -> None:
            try:
                function(*args, **kwargs)
            except sheets.BadSheet as error:
                raise Trouble(error.words) from error
            except DBAPIError as error:
                said = str(error.orig).splitlines()[0]
                raise Trouble(f"База не отвечает или не создана ({said}); выполните flask db upgrade.") from error

        return group.command(name)(with_appcontext(guarded))

    return make
