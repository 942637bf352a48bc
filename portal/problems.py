"""Errors of the API as RFC 9457 has them: `application/problem+json` with a code that programs can tell apart."""

from collections.abc import Mapping
from typing import Any

from flask import Response, jsonify

_OURS = {"content-type", "content-length"}


def problem(code: str, title: str, status: int, headers: Mapping[str, str] | None = None, **members: Any) -> Response:
    """A problem: `code` for programs, `title` for people, further members as they help to put it right."""
    body = {"type": f"about:blank#{code}", "code": code, "title": title, "status": status, **members}
    response = jsonify(body)
    response.status_code, response.mimetype = status, "application/problem+json"
    response.headers["Cache-Control"] = "no-store"
    for name, value in (headers or {}).items():
        if name.lower() not in _OURS:
            response.headers[name] = value
    return response
