"""What stands behind the promises of a carrier today, in words: the matrix, what was learned, what may be stated."""

from babel.numbers import format_percent

from portal.languages import _
from portal.tracking_why import share_of
from scheduling.coverage import ENOUGH
from scheduling.lesson_models import KeptLesson


def state_words(lesson: KeptLesson, language: str) -> str:
    """Where a carrier stands between the matrix and a share that may be stated."""
    n, of = share_of(lesson.target)
    if lesson.trust <= 0:
        return _("Вручений пока мало, обещания даёт одна матрица.")
    if lesson.trust < 1:
        share = format_percent(lesson.trust, locale=language)
        return _("Обещания переходят от матрицы к опыту: опыт весит {share}.", share=share)
    if lesson.stated is not None:
        return _("Обещания даёт опыт. Получателю говорим: в {n} из {of} случаев не позже.", n=n, of=of)
    if lesson.judged < ENOUGH:
        left = ENOUGH - lesson.judged
        return _("Обещания даёт опыт. Долю скажем получателю, когда исполнится срок ещё {n} обещаний.", n=left)
    kept = format_percent(lesson.kept / lesson.judged, "#,##0.# %" if language == "ru" else "#,##0.#%", locale=language)
    return _(
        "Обещания даёт опыт, но сбылось {kept} из {judged}: меньше выбранного, поэтому долю получателю не говорим.",
        kept=kept,
        judged=lesson.judged,
    )
