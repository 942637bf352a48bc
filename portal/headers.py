"""Response headers that keep a page to itself: no third party, no framing, nothing of a token page left behind."""

from flask import Flask, Response, current_app, request

from portal.access import Rule, rule_of
from portal.extensions import compress
from portal.page_cache import takes_gzip

POLICY = (
    "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; connect-src 'self'; "
    "manifest-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
EVERYWHERE = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "X-Frame-Options": "DENY",
    "Permissions-Policy": "camera=(self), microphone=(), geolocation=()",
    "Cross-Origin-Opener-Policy": "same-origin",
}
PRIVATE = {"Cache-Control": "no-store", "X-Robots-Tag": "noindex, nofollow"}


SECURE = {"Strict-Transport-Security": "max-age=31536000"}


def of_everything(app: Flask) -> dict[str, str]:
    """What pages and files are sent with alike."""
    return EVERYWHERE | SECURE if app.config["IS_HTTPS"] else EVERYWHERE


def protect(response: Response) -> Response:
    """After every request: the headers, and gzip for what does not come packed."""
    response.headers.extend(of_everything(current_app))
    if rule_of(request.endpoint) is not Rule.PUBLIC:
        response.headers.extend(PRIVATE)
    is_packed = "Content-Encoding" in response.headers
    if is_packed or not takes_gzip(request.headers.get("Accept-Encoding", "")):
        return response
    return compress.after_request(response)  # which takes `gzip;q=0` for a yes


def init(app: Flask) -> None:
    """Bind the headers to an app."""
    app.after_request(protect)
