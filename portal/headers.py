"""Response headers that keep a page to itself: no third party, no framing, nothing of a token page left behind."""

from flask import Flask, Response, current_app, request

from portal.access import Rule, rule_of

POLICY = (
    "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
EVERYWHERE = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "X-Frame-Options": "DENY",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
    "Cross-Origin-Opener-Policy": "same-origin",
}
PRIVATE = {"Cache-Control": "no-store", "X-Robots-Tag": "noindex, nofollow"}


def protect(response: Response) -> Response:
    """After every request."""
    for name, value in EVERYWHERE.items():
        response.headers[name] = value
    if request.endpoint != "static" and rule_of(request.endpoint) is not Rule.PUBLIC:
        for name, value in PRIVATE.items():
            response.headers[name] = value
    if current_app.config["IS_HTTPS"]:
        response.headers["Strict-Transport-Security"] = "max-age=31536000"
    return response


def init(app: Flask) -> None:
    """Bind the headers to an app."""
    app.after_request(protect)
