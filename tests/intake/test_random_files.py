"""Whatever stands in an exchange file in the place of anything: it is read, or its mistakes are told."""

import json
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from peerhall.intake.applying import read_exchange_file
from peerhall.intake.positions import MistakesFound
from tests.intake.support import DATA

DEMO = Path(__file__).parents[2] / "src/peerhall/demo/exchange.yaml"
SOURCES = [yaml.safe_load(file.read_text()) for file in (DATA / "exchange.yaml", DEMO)]

NOISE = st.recursive(
    st.one_of(
        st.none(),
        st.booleans(),
        st.integers(),
        st.floats(allow_nan=False),
        st.text(max_size=8),
        st.sampled_from(["cork", "peering", "one", "192.0.2.0/24", "2001:db8::1", "P1Y", "connection", "x{1..9}"]),
    ),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=8), inner, max_size=2),
    max_leaves=4,
)


@st.composite
def files(draw: st.DrawFn) -> Any:
    """An exchange file in which one or two things are something else, or missing."""
    content = json.loads(json.dumps(draw(st.sampled_from(SOURCES)), default=str))
    for _ in range(draw(st.integers(1, 2))):
        place = content
        while True:
            key = draw(st.sampled_from(sorted(place) if isinstance(place, dict) else range(len(place))))
            if place[key] and isinstance(place[key], dict | list) and draw(st.integers(1, 5)) > 1:
                place = place[key]
                continue
            if isinstance(place, dict) and draw(st.booleans()):
                del place[key]
            else:
                place[key] = draw(NOISE)
            break
        if not content:
            break
    return content


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("random") / "exchange.yaml"


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(content=files())
def test_a_file_is_read_or_its_mistakes_are_told(file: Path, content: Any) -> None:
    file.write_text(json.dumps(content))
    with suppress(MistakesFound):
        read_exchange_file(file)
