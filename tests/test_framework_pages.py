"""The code on the pages for frameworks, run: the application that it makes answers a preflight by the policy."""

from __future__ import annotations

import configparser
import warnings
from pathlib import Path
from typing import Any

import pytest
import webob
from test_docs import BLOCKS, Block

from corswsgi import Policy
from corswsgi.paste import filter_factory

PAGES = {"flask.rst": 2, "pyramid.rst": 1, "other-frameworks.rst": 3}
CODE = [block for block in BLOCKS if block.page in PAGES and block.language == "python"]
FILTERS = [block for block in BLOCKS if block.page == "pyramid.rst" and block.language == "ini"]


def test_the_pages_have_code() -> None:
    assert {page: sum(block.page == page for block in CODE) for page in PAGES} == PAGES
    assert len(FILTERS) == 2


@pytest.mark.parametrize("block", CODE, ids=str)
def test_the_application_answers_by_the_policy(block: Block) -> None:
    names: dict[str, Any] = {"__name__": __name__}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Pyramid imports what announces its own end
        exec(block.text, names)
    for origin, status in (("https://app.example.com", 204), ("https://stranger.example", 403)):
        headers = {"Origin": origin, "Access-Control-Request-Method": "PUT"}
        response = webob.Request.blank("/notes", method="OPTIONS", headers=headers).get_response(names["app"])
        assert response.status_int == status
        assert response.headers.get("Access-Control-Allow-Methods") == ("PUT" if status == 204 else None)


@pytest.mark.parametrize("block", FILTERS, ids=str)
def test_the_filters_are_read(block: Block, tmp_path: Path) -> None:
    (tmp_path / "cors.toml").write_text('[cors]\nallow_origins = "*"\n')
    parser = configparser.RawConfigParser()
    parser.optionxform = str  # type: ignore[assignment,method-assign]  # as PasteDeploy does
    parser.read_string(block.text)
    keys = dict(parser["filter:cors"])
    assert keys.pop("use") == "egg:corswsgi"
    policy: Any = filter_factory({"here": str(tmp_path)}, **keys)(lambda environ, start_response: []).policy
    if "config" in keys:
        assert policy.policies == Policy("*")
    else:
        assert policy["/internal"] is None
        assert policy["/public"] == Policy("*", allow_methods=["PUT"])
