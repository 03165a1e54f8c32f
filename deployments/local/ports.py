"""Whether the ports our servers need are free, and who has them when they are not."""

import socket

import psutil

from deployments.errors import BadSetting, PortTaken
from deployments.settings import Settings

HOST = "127.0.0.1"


def check_ports(settings: Settings) -> None:
    """Raises PortTaken for the first port that another program listens on, BadSetting for one port twice."""
    if settings.api_port == settings.prefect_port:
        raise BadSetting("CRM_PREFECT_PORT", "it is the API's port; the two servers need one each")
    for port, setting in ((settings.api_port, "CRM_API_PORT"), (settings.prefect_port, "CRM_PREFECT_PORT")):
        if not is_free(port):
            raise PortTaken(port, setting, holder_of(port))


def is_free(port: int) -> bool:
    """Whether a server could listen there now; connections of an earlier one that linger do not count."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
    return True


def holder_of(port: int) -> str | None:
    """The program and pid that listen on the port, where the system lets us see it."""
    try:
        connections = psutil.net_connections(kind="tcp")
    except (psutil.Error, OSError):
        return None
    for connection in connections:
        if connection.status == psutil.CONN_LISTEN and connection.laddr and connection.laddr.port == port:
            return _name_of(connection.pid)
    return None


def _name_of(pid: int | None) -> str | None:
    if pid is None:
        return None
    try:
        return f"{psutil.Process(pid).name()} (process {pid})"
    except psutil.Error:
        return f"process {pid}"
