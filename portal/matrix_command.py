"""What is typed about the matrix: `flask matrix import`, with the same checks as the manager's page."""

from datetime import datetime
from pathlib import Path

import click
from sqlalchemy import select
from sqlalchemy.orm import Session

from parcels.models import Settlement
from portal import matrix_import, matrix_words, places
from portal.extensions import now
from portal.terminal import Trouble, command
from portal.transaction import transaction
from scheduling.calendars import local_date
from scheduling.matrix_rows import BadFile
from scheduling.promising import CARRIER

FILE = click.Path(path_type=Path)
commands = click.Group("matrix", help="Матрица сроков доставки.")


@command(commands, "import")
@click.argument("file", type=FILE)
@click.option("--origin", default=str(places.CHELYABINSK), help="Код города отправки; без него Челябинск.")
@click.option("--valid-from", type=click.DateTime(["%Y-%m-%d"]), help="С какого дня действует; без него с сегодня.")
@click.option("--carrier", default=CARRIER, help="Код перевозчика; без него cdek.")
@click.option("--replace", is_flag=True, help="Принять и файл, в котором многих нынешних направлений нет.")
def import_matrix(file: Path, origin: str, valid_from: datetime | None, carrier: str, replace: bool) -> None:
    """Загрузить матрицу сроков (CSV или XLSX); если плоха хоть одна строка, не меняется ничего."""
    with transaction() as session:
        place = settlement(session, origin)
        since = valid_from.date() if valid_from else local_date(now(), place.zone)
        try:
            source = matrix_import.Source(file.name, "terminal", place.id, since, carrier)
            done = matrix_import.import_matrix(session, file, source, now(), replace)
        except BadFile as error:
            raise Trouble(matrix_words.bad_file(error)) from error
    for row in done.bad:
        click.echo(matrix_words.bad_row(row.line, row.reason, row.value), err=True)
    if done.version is None:
        raise Trouble(f"Ничего не изменено, плохих строк: {len(done.bad)}; исправьте их и загрузите файл снова.")
    if done.is_new:
        since_words = f"{place.name}, строк {done.lanes}, действует с {since:%d.%m.%Y}"
        click.echo(f"Записана версия {done.version.id}: {since_words}. Открыто слотов: {done.opened}.")
    else:
        click.echo(f"Ничего не изменилось: версия {done.version.id} уже говорит то же, строк {done.lanes}.")


def settlement(session: Session, text: str) -> Settlement:
    """The place of origin that somebody means at the terminal. Raises Trouble."""
    if session.scalar(select(Settlement.id).limit(1)) is None:
        places.load(session)
    try:
        return places.find_origin(session, text)
    except places.UnknownPlace as error:
        raise Trouble(error.words) from error
