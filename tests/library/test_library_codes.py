"""Languages and countries of audiences are codes; anything else is told at once."""

from __future__ import annotations

from pathlib import Path

import pytest

from mmstudio.errors import UsageError
from support.libraries import new_library


def test_an_audience_keeps_codes_only(tmp_path: Path) -> None:
    with new_library(tmp_path) as library:
        number = library.audiences.add("Germans", locale="de_DE", rules={"market": "de"})
        assert library.audiences.get(number).rules == {"market": "DE"}
        for fields in ({"rules": {"market": "Germany"}}, {"locale": "very odd"}, {"locale": "../en"}):
            with pytest.raises(UsageError, match="is not the code of a"):
                library.audiences.update(number, **fields)
            with pytest.raises(UsageError):
                library.audiences.add("Others", **fields)  # type: ignore[arg-type]
        assert library.audiences.get(number).locale == "de_DE"
        assert len(library.audiences.list()) == 1
