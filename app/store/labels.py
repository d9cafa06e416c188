"""The guarded label of a resource, as it is kept beside it.

Docs: docs/scopes.md.
"""

import json
from collections.abc import Mapping
from typing import Any

from app.domain.permissions import label_of


def label_in(text: str, document: Mapping[str, Any] | None = None) -> str | None:
    """The label of a resource by its text; `document` is what is in it, where that is known."""
    if document is not None:
        return label_of(document)
    # A name may be spelled with escapes.
    if '"security"' not in text and "\\u" not in text:
        return None
    return label_of(json.loads(text))
