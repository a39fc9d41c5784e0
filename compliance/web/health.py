"""What machines ask about the server: is it alive, is it ready, how is it doing."""

from __future__ import annotations

import hmac
import time
from http import HTTPStatus
from typing import Final

from flask import Blueprint, Flask, Response, current_app, g, jsonify, request
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Counter, Histogram
from prometheus_client import Info as InfoMetric
from prometheus_client.exposition import generate_latest

from compliance.operations.system.readiness import Readiness, check_readiness
from compliance.web.context import services, software_version

PUBLIC_PATHS: Final = ("/healthz", "/readyz", "/metrics")
"""Answered without signing in; ``/metrics`` looks at the address or at a token of its own."""

_EXTENSION: Final = "aseptrail-metrics"
_METHODS: Final = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
_LOOPBACK: Final = frozenset({"127.0.0.1", "::1"})
_FORWARDED: Final = ("Forwarded", "X-Forwarded-For", "X-Real-Ip")
_BUCKETS: Final = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
"""Seconds. A tap on a tablet should stay in the first four."""

blueprint = Blueprint("health", __name__)


class RequestMetrics:
    """Counts and times of one app's requests; labels come from closed sets only."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.requests = Counter(
            "aseptrail_requests",
            "Requests answered",
            ("endpoint", "method", "status"),
            registry=self.registry,
        )
        self.seconds = Histogram(
            "aseptrail_request_seconds",
            "Time from the first hook to the finished answer",
            ("endpoint", "method"),
            buckets=_BUCKETS,
            registry=self.registry,
        )
        build = InfoMetric("aseptrail_build", "The software that answers", registry=self.registry)
        build.info({"version": software_version()})


def register_health(app: Flask) -> None:
    """Add the three routes and the measuring; before everything else that sees requests."""
    app.extensions[_EXTENSION] = RequestMetrics()
    app.before_request(_start)
    app.after_request(_measure)
    app.register_blueprint(blueprint)


def _start() -> None:
    g.started = time.perf_counter()


def _measure(response: Response) -> Response:
    metrics: RequestMetrics = current_app.extensions[_EXTENSION]
    # The endpoint and not the path: paths hold ids, and whoever asks chooses them.
    endpoint = request.endpoint or "unmatched"
    method = request.method if request.method in _METHODS else "other"
    metrics.requests.labels(endpoint, method, str(response.status_code)).inc()
    if "started" in g:
        metrics.seconds.labels(endpoint, method).observe(time.perf_counter() - g.started)
    return response


@blueprint.get("/healthz")
def show_health() -> Response:
    """The process answers; asks nothing else, so that a slow database restarts nobody."""
    return Response("ok\n", mimetype="text/plain")


@blueprint.get("/readyz")
def show_readiness() -> tuple[Response, HTTPStatus]:
    """The database answers and has the newest revision."""
    found = check_readiness(services().database, services().root / "migrations")
    ready = found is Readiness.READY
    return jsonify({"status": found.value}), (
        HTTPStatus.OK if ready else HTTPStatus.SERVICE_UNAVAILABLE
    )


@blueprint.get("/metrics")
def show_metrics() -> Response:
    if not _may_read_metrics():
        return Response(
            "Ask from this machine, or send the token of COMPLIANCE_METRICS_TOKEN.\n",
            HTTPStatus.FORBIDDEN,
            mimetype="text/plain",
        )
    metrics: RequestMetrics = current_app.extensions[_EXTENSION]
    return Response(generate_latest(metrics.registry), content_type=CONTENT_TYPE_LATEST)


def _may_read_metrics() -> bool:
    expected = services().settings.metrics_token
    given = request.headers.get("Authorization", "").removeprefix("Bearer ")
    if expected and hmac.compare_digest(given.encode(), expected.encode()):
        return True
    # Behind a proxy on this machine every request seems to come from here; what the
    # proxy adds tells them apart.
    proxied = any(name in request.headers for name in _FORWARDED)
    return request.remote_addr in _LOOPBACK and not proxied
