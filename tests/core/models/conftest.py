import pytest

from core.models import ModelClient, resolve
from core.settings import Settings
from tests.core.fault_endpoint import FaultEndpoint


@pytest.fixture(scope="session")
def shared_fault():
    with FaultEndpoint() as endpoint:
        yield endpoint


@pytest.fixture
def fault(shared_fault):
    shared_fault.reset()
    return shared_fault


@pytest.fixture
def settings_for(fault):
    """Settings that lead to the fault endpoint, with limits short enough for a test."""

    def make(**changes):
        known = {
            "model_base_url": fault.base_url,
            "model_key": fault.key,
            "chat_model": fault.chat_model,
            "embedding_model": fault.embedding_model,
            "embedding_dimension": fault.dimension,
            "model_timeout": 10,
            "model_retries": 2,
        }
        return Settings.load(known | changes)

    return make


@pytest.fixture
def client_for(settings_for):
    """A blocking client of the fault endpoint, closed after the test."""
    made = []

    def make(**changes):
        settings = settings_for(**changes)
        made.append(ModelClient(resolve(settings), settings))
        return made[-1]

    yield make
    for client in made:
        client.close()


@pytest.fixture(scope="session")
def offline():
    """The endpoint of a session that has set nothing."""
    return resolve(Settings.load())
