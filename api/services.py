"""What one API process holds open, made when it starts and closed when it stops."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from anyio import CapacityLimiter
from fastapi import Request

from api.capture import Intake
from api.capture_store import CaptureStore, open_pool
from api.live.watch import Watch
from api.prefect_rest import PrefectRest
from api.settings import Settings
from crm_db import session


@dataclass(frozen=True)
class Services:
    """The parts that routes use. Capture has a pool and threads of its own, so that nothing else can keep it waiting; lists have
    few threads, so that they keep nothing else waiting."""

    settings: Settings
    intake: Intake
    list_threads: CapacityLimiter
    prefect: PrefectRest
    watch: Watch


@contextmanager
def open_services(settings: Settings) -> Iterator[Services]:
    """Open the pools and the client; none of them needs the other side to be up."""
    session.bind(settings.app_database_url.get_secret_value(), pool_size=settings.app_pool_size)
    pool = open_pool(
        settings.capture_database_url.get_secret_value(),
        size=settings.capture_pool_size,
        wait_seconds=settings.database_wait_seconds,
    )
    auth = settings.prefect_auth.get_secret_value() if settings.prefect_auth else None
    prefect = PrefectRest(settings.prefect_api_url, auth)
    watch = Watch(most=settings.live_sockets, most_per_key=settings.live_sockets_per_key)
    try:
        threads = CapacityLimiter(settings.capture_pool_size * 2)
        intake = Intake(
            CaptureStore(pool),
            threads,
            rate_per_minute=settings.capture_rate_per_minute,
            form_rate_per_minute=settings.form_rate_per_minute,
        )
        yield Services(settings, intake, CapacityLimiter(settings.list_threads), prefect, watch)
    finally:
        watch.close()
        prefect.close()
        pool.close()
        session.unbind()


def services_of(request: Request) -> Services:
    """The services of the process that answers this request."""
    services: Services = request.app.state.services
    return services
