"""Deployment defaults of the Flask application, read with ``from_pyfile``.

Everything an operator sets lives in environment variables (docs/configuration.md)
and is parsed by ``compliance.settings``. This file holds only what Flask itself
and its extensions need and what no deployment should weaken.
"""

SESSION_COOKIE_NAME = "aseptrail"
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
# A form page of the app is small; uploads have limits of their own.
MAX_CONTENT_LENGTH = 40 * 1024 * 1024
MAX_FORM_MEMORY_SIZE = 2 * 1024 * 1024
MAX_FORM_PARTS = 400
WTF_CSRF_TIME_LIMIT = None
TEMPLATES_AUTO_RELOAD = False
