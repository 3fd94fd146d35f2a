"""What the planners make of GitLab's pipelines is valid by GitLab's own JSON schema.

The schema comes with the package check-jsonschema (its copy of
https://gitlab.com/gitlab-org/gitlab/-/blob/master/app/assets/javascripts/editor/schema/ci.json); the tests are skipped
where that is missing.
"""

from __future__ import annotations

import json
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
import yaml
from planner_estates import examples, lay_out, planned

from rolecall.planning.example import PlannerExample

_FILE = ".gitlab-ci.yml"
_PIPELINES = [pytest.param(example, id=name) for name, example in examples() if _FILE in example.files]


@pytest.fixture(scope="module")
def schema() -> Any:
    jsonschema = pytest.importorskip("jsonschema", reason="jsonschema is not installed")
    spec = find_spec("check_jsonschema")
    if spec is None or spec.origin is None:
        pytest.skip("check-jsonschema is not installed, which has the schema")
    file = Path(spec.origin).parent / "builtin_schemas" / "vendor" / "gitlab-ci.json"
    return jsonschema.Draft7Validator(json.loads(file.read_text("utf-8")))


@pytest.mark.parametrize("pipeline", _PIPELINES)
def test_a_pipeline_stays_valid(pipeline: PlannerExample, schema: Any, tmp_path: Path) -> None:
    lay_out(tmp_path, pipeline)
    before = yaml.safe_load(pipeline.files[_FILE])
    assert not list(schema.iter_errors(before))
    for step in planned(tmp_path).series.steps:
        data = step.files.get(_FILE)
        if data is not None:
            assert not [error.message for error in schema.iter_errors(yaml.safe_load(data))]
