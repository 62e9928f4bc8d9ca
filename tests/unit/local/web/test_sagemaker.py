"""Who may call `/sagemaker`; what it answers is in tests/conformance/test_sagemaker_http.py."""

from __future__ import annotations

import pytest
from starlette.testclient import TestClient

from local.web.sagemaker import OPERATIONS, create_sagemaker_app
from tests.unit.local.web.conftest import browse

HEADERS = {"x-amz-target": "SageMaker.DescribePipeline", "content-type": "application/x-amz-json-1.1"}
BODY = b'{"PipelineName": "toy"}'


class SageMaker:
    """Counts its calls."""

    def __init__(self):
        self.called = []

    def describe_pipeline(self, **request):
        self.called.append(request)
        return {"PipelineName": "toy"}

    def __getattr__(self, name):
        raise AssertionError(f"{name} was reached")


@pytest.fixture
def sagemaker():
    return SageMaker()


def call(sagemaker, peer, **headers):
    client = TestClient(create_sagemaker_app(sagemaker), client=(peer, 50000))
    return client.post("/", content=BODY, headers={**HEADERS, **headers})


@pytest.mark.parametrize("peer", ["127.0.0.1", "::1"])
def test_programs_on_this_machine(sagemaker, peer):
    assert call(sagemaker, peer).json() == {"PipelineName": "toy"}
    assert sagemaker.called == [{"PipelineName": "toy"}]


@pytest.mark.parametrize("peer", ["192.0.2.1", "10.0.0.1", "128.0.0.1", "2001:db8::1", "testclient", ""])
def test_another_machine_is_refused(sagemaker, peer):
    answer = call(sagemaker, peer)
    assert (answer.status_code, answer.json()["__type"]) == (403, "AccessDeniedException")
    assert sagemaker.called == []


def test_another_machine_is_refused_whatever_it_says_of_itself(sagemaker):
    assert call(sagemaker, "192.0.2.1", **{"x-forwarded-for": "127.0.0.1", "host": "127.0.0.1"}).status_code == 403


def test_a_page_in_a_browser_is_refused(sagemaker):
    assert call(sagemaker, "127.0.0.1", origin="http://127.0.0.1").status_code == 403
    assert sagemaker.called == []


def test_nothing_that_defines_a_step_or_a_model_is_there():
    """Whoever may do that runs what they like as this user."""
    makers = ("CreatePipeline", "UpdatePipeline", "CreateModelPackage", "CreateProcessingJob", "CreateTrainingJob")
    assert not set(OPERATIONS) & set(makers)


@pytest.mark.parametrize("path", ["/sagemaker", "/sagemaker/"])
def test_it_is_a_part_of_the_service(service, path):
    """boto3 asks for the address as it was given, without a slash at its end."""
    asked = {"content": b"{}", "headers": {"x-amz-target": "SageMaker.ListModelPackageGroups"}}
    answer = browse(service).post(path, **asked, follow_redirects=False)
    assert (answer.status_code, answer.json()) == (200, {"ModelPackageGroupSummaryList": []})
    assert browse(service, peer="192.0.2.1").post(path, **asked).status_code == 403
    assert browse(service).get(path).status_code == 405
