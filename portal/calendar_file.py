"""Text in a calendar file as RFC 5545 has it: what is typed stays a value, and no line is longer than 75 bytes."""

LONGEST_LINE = 75
_ESCAPES = str.maketrans({"\\": "\\\\", ";": "\\;", ",": "\\,", "\n": "\\n", "\r": None})


def escaped(text: str) -> str:
    """A value of the type TEXT (3.3.11)."""
    return text.translate(_ESCAPES)


def folded(text: str) -> str:
    """The lines of a file, each ended by CRLF, and folded between letters where it is too long (3.1)."""
    return "".join(_folded(line) + "\r\n" for line in text.split("\n") if line)


def _folded(line: str) -> str:
    pieces, used = [""], 0
    for letter in line:
        size = len(letter.encode())
        if used + size > LONGEST_LINE:
            pieces.append("")
            used = 1  # the space that a continued line begins with
        pieces[-1] += letter
        used += size
    return "\r\n ".join(pieces)
