"""What can go wrong while processes are started and stopped, each as one sentence a person can act on."""


class DeploymentError(Exception):
    """Base of all errors of this package; its text is the sentence that `crm` prints."""


class ClusterError(DeploymentError):
    """The embedded PostgreSQL cannot be prepared, started or reached."""


class AlreadyRunning(DeploymentError):
    """Another supervisor holds the lock of this CRM_HOME."""

    def __init__(self, home: str, pid: int | None) -> None:
        self.pid = pid
        who = f" as process {pid}" if pid else ""
        super().__init__(
            f"crm up already runs for {home}{who}; stop it with crm down, or choose another CRM_HOME."
        )


class PortTaken(DeploymentError):
    """A port that one of our servers needs is in use by another program."""

    def __init__(self, port: int, setting: str, holder: str | None) -> None:
        self.port = port
        by = f" by {holder}" if holder else ""
        super().__init__(
            f"Port {port} is already in use{by}; stop that program or set {setting} to a free port."
        )


class StartFailed(DeploymentError):
    """A process did not become ready in time or kept dying."""


class BadSetting(DeploymentError):
    """An environment variable has a value that cannot be used."""

    def __init__(self, name: str, reason: str) -> None:
        super().__init__(f"{name} is not usable: {reason}.")


class Stopped(DeploymentError):
    """A stop was asked for while the stack was still starting."""

    def __init__(self) -> None:
        super().__init__("Stopped before everything was ready.")
