"""Shipped fakes: recorders of each port in memory, and a provider over real HTTP.

The recorders stand in for a port inside one process. `Fakes` is SendGrid, Twilio and Graph as far as the CRM needs them,
with a log of what was truly accepted and with faults on demand; `running_fakes` serves it on 127.0.0.1 (the command is
`crm fakes up`).
"""

from integrations.testing.app import Fakes
from integrations.testing.credentials import Credentials
from integrations.testing.recorder import (
    Recorder,
    RecordingInviteSender,
    RecordingPhoneLine,
    RecordingSender,
)
from integrations.testing.server import FakeServer, running_fakes

__all__ = [
    "Credentials",
    "FakeServer",
    "Fakes",
    "Recorder",
    "RecordingInviteSender",
    "RecordingPhoneLine",
    "RecordingSender",
    "running_fakes",
]
