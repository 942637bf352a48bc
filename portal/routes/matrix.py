"""The manager's matrix: look at what a file would change, apply exactly that, go back to the version before."""

import tempfile
from pathlib import Path
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user

from portal import matrix_import, matrix_page, matrix_words
from portal.access import BODY_OF_STAFF, Rule, allow
from portal.day_page import notices_of
from portal.extensions import now
from portal.languages import language
from portal.matrix_form import BadForm, source_of
from portal.sheets import MAX_FILE, BadSheet
from portal.transaction import reading, transaction
from scheduling import matrix_versions
from scheduling.matrix_rows import BadFile
from scheduling.matrix_upload import StaleUpload
from scheduling.models import MatrixUpload

bp = Blueprint("matrix", __name__, url_prefix="/manage/matrix")


@bp.get("")
@allow(Rule.MANAGER)
def versions() -> ResponseReturnValue:
    """The versions, and the form for a new file."""
    return render_template("pages/matrix.html", **_page())


@bp.post("/upload")
@allow(Rule.MANAGER, body=MAX_FILE + BODY_OF_STAFF)
def upload() -> ResponseReturnValue:
    """Check a file and show what it would change. Nothing is written yet."""
    with tempfile.NamedTemporaryFile(prefix="vekha-matrix-") as file:
        try:
            request.files["file"].save(file.name)
            with transaction() as session:
                source = source_of(
                    session, request.form, request.files["file"].filename or "", current_user.name, now()
                )
                staged = matrix_import.stage(session, Path(file.name), source, now())
        except (BadForm, BadSheet, BadFile) as problem:
            return render_template("pages/matrix.html", **_page(problem=_words(problem))), 422
    return redirect(url_for("matrix.dry_run", upload_id=staged.id), 303)


@bp.get("/uploads/<int:upload_id>")
@allow(Rule.MANAGER)
def dry_run(upload_id: int) -> ResponseReturnValue:
    """What a checked file would change."""
    with reading() as session:
        staged = session.get(MatrixUpload, upload_id)
        if staged is None or staged.applied_at is not None:
            return redirect(url_for("matrix.versions"), 303)
        run = matrix_page.dry_run(session, staged, language())
    return render_template("pages/matrix_dry_run.html", run=run)


@bp.post("/uploads/<int:upload_id>/apply")
@allow(Rule.MANAGER)
def apply(upload_id: int) -> ResponseReturnValue:
    """Apply what was shown, and nothing else."""
    try:
        with transaction() as session:
            done, opened = matrix_import.apply(session, upload_id, request.form.get("digest", ""), now())
    except StaleUpload as problem:
        return render_template("pages/matrix.html", **_page(problem=matrix_words.stale(str(problem)))), 409
    flash({"kind": "applied", "lanes": done.lanes, "opened": opened})  # type: ignore[arg-type]  # any JSON
    return redirect(url_for("matrix.versions"), 303)


@bp.get("/estimates")
@allow(Rule.MANAGER)
def estimates() -> ResponseReturnValue:
    """Cities that no file has a row for, with the days that are taken from their neighbours."""
    with reading() as session:
        lines = matrix_page.estimates(session, now(), language())
    return render_template("pages/matrix_estimates.html", lines=lines)


@bp.post("/versions/<int(signed=True):key>/<any(back, again):way>")
@allow(Rule.MANAGER)
def turn(key: int, way: str) -> ResponseReturnValue:
    """Let the version before count again, or this one."""
    with transaction() as session:
        is_back = way == "back"
        is_done = matrix_versions.withdraw(session, key, now()) if is_back else matrix_versions.restore(session, key)
        matrix_import.complete(session, now())
    flash({"kind": way if is_done else "same"})  # type: ignore[arg-type]  # any JSON
    return redirect(url_for("matrix.versions"), 303)


def _page(problem: str = "") -> dict[str, Any]:
    with reading() as session:
        return {
            "versions": matrix_page.versions(session, now()),
            "ends": notices_of(session, now(), language()),
            "problem": problem,
            "form": request.form,
        }


def _words(problem: Exception) -> str:
    if isinstance(problem, BadSheet):
        return matrix_words.bad_sheet(problem)
    return matrix_words.bad_file(problem) if isinstance(problem, BadFile) else str(problem)
