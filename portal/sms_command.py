"""`flask sms parts`: how many SMS parts a text costs."""

import json
import sys

import click

from portal.terminal import Trouble, command
from sms.segments import measure

commands = click.Group("sms", help="SMS.")
#: Far more than anybody would send, and far less than memory.
LONGEST = 100_000


@command(commands, "parts")
def parts() -> None:
    """Прочитать текст со стандартного ввода и напечатать JSON: кодировка, знаки, части.

    Последний перевод строки не считается: его ставит тот, кто передаёт текст.
    """
    try:
        text = sys.stdin.buffer.read(LONGEST * 4).decode("utf-8")
    except UnicodeDecodeError as error:
        raise Trouble("Текст не в UTF-8; сохраните его в этой кодировке и повторите.") from error
    if len(text) > LONGEST:
        raise Trouble(f"Текст длиннее {LONGEST} знаков; SMS таким не бывает.")
    size = measure(text.removesuffix("\n").removesuffix("\r"))
    found = {"encoding": size.encoding.value, "characters": size.characters, "parts": size.parts}
    click.echo(json.dumps(found, ensure_ascii=False))
